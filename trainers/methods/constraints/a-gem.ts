import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { keepMemories, memoryObjective, memoryOptions } from "./episodic-memory.js";
import { MemoryGuard, projectOption } from "./memory-guard.js";

/**
 * Averaged gradient episodic memory (A-GEM; Chaudhry et al., arXiv 1812.00420): in each step one reference gradient g_r
 * on a random batch of all past memories; where g·g_r < 0 the update's gradient becomes g − (g·g_r / g_r·g_r)·g_r
 * (eq. 11), which does not raise the loss on memories to first order. Costs one more gradient a step.
 *
 * The paper steps along the projected gradient. Adam rescales it, and the step may oppose the memories again; `project:
 * update` projects the step instead. Privileges: a buffer of `bufferSize` past examples, which enter no loss.
 */
export const aGem = defineMethod({
  name: "a-gem",
  summary:
    "Projects each gradient so that it does not raise the mean loss on past memories: one reference gradient a step.",
  source: "arXiv 1812.00420",
  version: 2,
  options: { ...memoryOptions, project: projectOption },
  space: { memoryBatch: { values: [8, 16, 32] }, learningRate: rateRange },
  capabilities: ["constraints"],
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize } }),
  effort: () => 2,
  vectors: () => 2,
  strategy(options) {
    const guard = new MemoryGuard(options.project, 0);
    return {
      usesOwnBatches: true,
      exclusive: ["buffer", "constraint"],
      async constraint(step, rates) {
        const objective = memoryObjective(step, options.memoryBatch);
        const normals = await guard.open(step.model, objective ? [objective] : [], rates);
        return normals && { kind: "half-space", normal: normals[0]! };
      },
      afterStep: ({ model }, report) => guard.close(model, report),
      async afterTask(task) {
        guard.report(task);
        await keepMemories(task, options);
      },
    };
  },
});
