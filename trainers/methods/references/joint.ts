import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

/**
 * Multi-task learning, the upper bound: trains once, from the base, on the data of all tasks, each task in as many
 * draws as it has in the sequence. Options: the loop's. Privileges: all data.
 */
export const joint = defineMethod({
  name: "joint",
  summary: "Fine-tunes all parameters on all tasks at once: the upper bound.",
  default: true,
  source: "baseline; multi-task learning (MTL)",
  version: 1,
  schedule: "joint",
  options: {},
  space: { learningRate: rateRange },
  needs: () => ({ pastData: "all" }),
  strategy: () => ({}),
});
