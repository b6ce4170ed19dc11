import Type from "typebox";
import type { Vector } from "../../engine/contract.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { keepMemories, memoryObjective, memoryOptions, rememberedTasks } from "./episodic-memory.js";

/**
 * Gradient episodic memory (GEM; Lopez-Paz & Ranzato, arXiv 1706.08840): in each step the gradient g_k of every past task
 * on its memories; where some g·g_k < 0 the update's gradient becomes the nearest with all products ≥ 0, from the dual
 * quadratic program (eq. 11), whose multipliers are at least `margin`: what favors the past. Costs one more gradient
 * a past task and step; `memoryBatch` memories each represent all of them. Privileges: a buffer of `bufferSize` past
 * examples, which are not trained on.
 */
export const gem = defineMethod({
  name: "gem",
  summary: "Keeps each update from raising the loss on any past task's memories: one gradient a past task.",
  source: "arXiv 1706.08840",
  version: 1,
  options: {
    ...memoryOptions,
    margin: Type.Number({ minimum: 0, default: 0.5, description: "Least multiplier of a past task's gradient." }),
  },
  space: {
    margin: { low: 0, high: 1, scale: "linear" },
    memoryBatch: { values: [8, 16, 32] },
    learningRate: rateRange,
  },
  capabilities: ["constraints"],
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize } }),
  strategy(options) {
    let normals: Vector[] = [];
    return {
      usesOwnBatches: true,
      exclusive: ["buffer", "constraint"],
      async constraint(step) {
        const past = rememberedTasks(step);
        if (past.length === 0) return undefined;
        for (const task of past) {
          normals.push(await step.model.gradient(memoryObjective(step, options.memoryBatch, task)!));
        }
        return { kind: "half-spaces", normals, margin: options.margin };
      },
      async afterStep({ model }) {
        for (const normal of normals) await model.free(normal);
        normals = [];
      },
      afterTask: (task) => keepMemories(task, options),
    };
  },
});
