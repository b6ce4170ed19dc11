import { defineSuite } from "../../harness/contract/define.js";

/** Facts that are given, changed and retracted: no files, no network. */
export const knowledgeSeq = defineSuite({
  name: "knowledge-seq",
  summary:
    "Generated facts that are given, changed and retracted: weights that learn them against memories that keep them.",
  source: "Generated; measures after the literature on knowledge editing (2202.05262, 2305.13172).",
  options: {},
  load: async ({ quick }) => (await import("./generate.js")).generateKnowledge(quick),
});
