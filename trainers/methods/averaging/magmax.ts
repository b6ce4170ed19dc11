import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { mergedVectors, TaskVectorMerging } from "./merging.js";
import { magMax } from "./task-vectors.js";

/**
 * MagMax (Marczak et al., arXiv 2407.06322): the model is fine-tuned on one task after another, each from where the one
 * before ended; of every parameter the change from the base with the largest magnitude among the tasks' ends is added to
 * the base `scale` times. That model answers, and training goes on from the unmerged one. The paper searches the scale;
 * 0.5 is a start. Privileges: none.
 */
export const magmax = defineMethod({
  name: "magmax",
  summary: "Fine-tunes on one task after another, and answers with each parameter's largest change from the base.",
  source: "arXiv 2407.06322",
  version: 1,
  options: {
    scale: Type.Number({ minimum: 0, default: 0.5, description: "λ: factor on the merged task vector." }),
  },
  space: { scale: { low: 0.2, high: 1.5, scale: "log" }, learningRate: rateRange },
  vectors: mergedVectors,
  strategy: ({ scale }) => new TaskVectorMerging({ sequential: true, scale, merge: magMax }),
});
