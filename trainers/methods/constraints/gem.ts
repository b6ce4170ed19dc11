import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { keepMemories, memoryObjective, memoryOptions, rememberedTasks } from "./episodic-memory.js";
import { MemoryGuard, projectOption } from "./memory-guard.js";

/**
 * Gradient episodic memory (GEM; Lopez-Paz & Ranzato, arXiv 1706.08840): in each step the gradient g_k of every past task
 * on its memories; where some g·g_k < 0 the update's gradient becomes the nearest with all products ≥ 0, from the dual
 * quadratic program (eq. 11), whose multipliers are at least `margin`. With a margin above 0 every memory's gradient is
 * thereby added to such a step: the past is trained on. Costs one more gradient a past task and step; `memoryBatch`
 * memories each represent all of them.
 *
 * The paper steps along the projected gradient. Adam rescales it, and the step may oppose a memory again; `project:
 * update` projects the step instead. Privileges: a buffer of `bufferSize` past examples.
 */
export const gem = defineMethod({
  name: "gem",
  summary:
    "Projects each gradient so that it raises no past task's loss on memories, and adds their gradients where it would.",
  source: "arXiv 1706.08840",
  version: 2,
  options: {
    ...memoryOptions,
    margin: Type.Number({ minimum: 0, default: 0.5, description: "Least multiplier of a past task's gradient." }),
    project: projectOption,
  },
  space: {
    margin: { low: 0, high: 1, scale: "linear" },
    memoryBatch: { values: [8, 16, 32] },
    learningRate: rateRange,
  },
  capabilities: ["constraints"],
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize } }),
  effort: (tasks) => (tasks + 1) / 2,
  vectors: (tasks) => tasks + 1,
  strategy(options) {
    const guard = new MemoryGuard(options.project, options.margin);
    return {
      usesOwnBatches: true,
      exclusive: ["buffer", "constraint"],
      async constraint(step, rates) {
        const objectives = rememberedTasks(step).map((task) => memoryObjective(step, options.memoryBatch, task)!);
        const normals = await guard.open(step.model, objectives, rates);
        return normals && { kind: "half-spaces", normals, margin: options.margin };
      },
      afterStep: ({ model }, report) => guard.close(model, report),
      async afterTask(task) {
        guard.report(task);
        await keepMemories(task, options);
      },
    };
  },
});
