import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

/**
 * Fine-tuning task after task with nothing against forgetting: the lower bound that methods are measured by
 * ("SeqFT" in TRACE, arXiv 2310.06762). No options besides the loop's, no privileges.
 */
export const sequential = defineMethod({
  name: "sequential",
  summary: "Fine-tunes all parameters on one task after another; nothing guards earlier tasks.",
  default: true,
  source: "baseline; SeqFT in TRACE, arXiv 2310.06762",
  version: 1,
  options: {},
  space: { learningRate: rateRange },
  strategy: () => ({}),
});
