import type { PublishedFigures } from "../../harness/contract/suite.js";

/** What TRACE prints for Llama-2-7B-Chat in its first order. */
export const published: PublishedFigures = {
  source: "TRACE (arXiv 2310.06762)",
  setting:
    "Llama-2-7B-Chat, order 1, sampled at temperature 0.1; a test row with an empty answer counts 0 there and is left out here",
  metrics: ["op", "bwt"],
  names: { op: "OP", bwt: "BWT" },
  rows: [
    { method: "ICL", label: "icl", values: { op: 0.389 } },
    { method: "SeqFT", label: "sequential", values: { op: 0.487, bwt: -0.083 } },
    { method: "LoraSeqFT", label: "lora", values: { op: 0.127, bwt: -0.457 } },
    { method: "Replay", label: "replay", values: { op: 0.555, bwt: 0.026 } },
  ],
};
