import { defineSuite } from "../../harness/contract/define.js";

/** The suite that comes with the project: no files, no network. */
export const traceSeq = defineSuite({
  name: "trace-seq",
  default: true,
  summary: "Eight generated tasks in the shape of TRACE's, for a tiny model that comes with them; runs anywhere.",
  source: "Generated; tasks, prompts, metrics and orders after TRACE (Wang et al., arXiv 2310.06762).",
  options: {},
  load: async ({ quick }) => (await import("./generate.js")).generateSuite(quick),
});
