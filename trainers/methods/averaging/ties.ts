import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { mergedVectors, TaskVectorMerging } from "./merging.js";
import { electSigns, trim } from "./task-vectors.js";

/**
 * TIES merging (Yadav et al., arXiv 2306.01708): each task is trained from the base alone; of each task vector the
 * `density` with the largest magnitudes stays, a sign is elected for every parameter, and the mean over those that agree
 * with it is added to the base `scale` times. Density 0.2 and scale 1 are the paper's where nothing is tuned. Privileges:
 * none.
 */
export const ties = defineMethod({
  name: "ties",
  summary: "Trains each task from the base; trims the task vectors, elects signs, and adds the mean of what agrees.",
  source: "arXiv 2306.01708",
  version: 2,
  options: {
    density: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.2,
      description: "Share of each task vector that is kept, the largest magnitudes.",
    }),
    scale: Type.Number({ minimum: 0, default: 1, description: "λ: factor on the merged task vector." }),
  },
  space: {
    density: { low: 0.05, high: 1, scale: "log" },
    scale: { low: 0.3, high: 3, scale: "log" },
    learningRate: rateRange,
  },
  vectors: mergedVectors,
  strategy: ({ density, scale }) =>
    new TaskVectorMerging({
      sequential: false,
      scale,
      prepare: (vector) => trim(vector, density),
      merge: electSigns,
    }),
});
