import type { Vector } from "../../engine/contract.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { keepMemories, memoryObjective, memoryOptions } from "./episodic-memory.js";

/**
 * Averaged gradient episodic memory (A-GEM; Chaudhry et al., arXiv 1812.00420): in each step one reference gradient g_r
 * on a random batch of all past memories; where g·g_r < 0 the update's gradient becomes g − (g·g_r / g_r·g_r)·g_r
 * (eq. 11), so that the loss on memories does not rise to first order. Costs one more gradient a step. Privileges: a
 * buffer of `bufferSize` past examples, which are not trained on.
 */
export const aGem = defineMethod({
  name: "a-gem",
  summary: "Keeps each update from raising the mean loss on past memories: one reference gradient a step.",
  source: "arXiv 1812.00420",
  version: 1,
  options: memoryOptions,
  space: { memoryBatch: { values: [8, 16, 32] }, learningRate: rateRange },
  capabilities: ["constraints"],
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize } }),
  strategy(options) {
    let normal: Vector | undefined;
    return {
      usesOwnBatches: true,
      exclusive: ["buffer", "constraint"],
      async constraint(step) {
        const objective = memoryObjective(step, options.memoryBatch);
        if (!objective) return undefined;
        normal = await step.model.gradient(objective);
        return { kind: "half-space", normal };
      },
      async afterStep({ model }) {
        if (normal) await model.free(normal);
        normal = undefined;
      },
      afterTask: (task) => keepMemories(task, options),
    };
  },
});
