import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { mergedVectors, TaskVectorMerging } from "./merging.js";
import { dropped, rescaledMean } from "./task-vectors.js";

/**
 * DARE (Yu et al., arXiv 2311.03099): each task is trained from the base alone; each element of its task vector is
 * dropped with probability `drop` and the rest divided by 1 − `drop`; the mean over tasks is added to the base `scale`
 * times, as in `merge` (task arithmetic with λ on the sum is scale λ·tasks). What is dropped is drawn once a task.
 * Privileges: none.
 */
export const dare = defineMethod({
  name: "dare",
  summary: "Trains each task from the base; drops most of each task vector at random, rescales the rest, and averages.",
  source: "arXiv 2311.03099",
  version: 2,
  options: {
    drop: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.9,
      description: "Probability that an element of a task vector is dropped.",
    }),
    scale: Type.Number({ minimum: 0, default: 1, description: "Factor on the mean task vector." }),
  },
  space: {
    drop: { values: [0.1, 0.3, 0.5, 0.7, 0.9] },
    scale: { low: 0.3, high: 3, scale: "log" },
    learningRate: rateRange,
  },
  vectors: mergedVectors,
  strategy: ({ drop: probability, scale }) =>
    new TaskVectorMerging({
      sequential: false,
      scale,
      prepare: (vector, task, seed) => dropped(vector, probability, { seed, stream: "dare", task }),
      merge: (kept) => rescaledMean(kept, probability),
    }),
});
