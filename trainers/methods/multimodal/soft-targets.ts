import { Type } from "../../../harness/contract/type.js";
import type { Term } from "../../engine/contract.js";
import type { StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  softness: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 0.1,
    description: "What of each target's probability is spread over all tokens.",
  }),
};

/**
 * Soft targets: each token's target is 1 − ε on the token and ε spread evenly over the vocabulary, so that the model is
 * not drawn to certainty. The loss is that of these targets divided by 1 − ε: nll + ε / (1 − ε) · KL(uniform ‖ model), less a
 * constant. With `lora` it is mSGM as we read arXiv 2410.19925 (its exact form there was not verified): soft targets and
 * an adapter, without what SGM (arXiv 2306.01904) does for new classes. Privileges: none.
 */
export const softTargets = defineMethod({
  name: "soft-targets",
  summary: "Trains on targets that leave a part of the probability to all other tokens.",
  source: "arXiv 2410.19925, soft targets; arXiv 2306.01904",
  version: 1,
  options,
  space: { softness: { values: [0.05, 0.1, 0.2] }, learningRate: rateRange },
  capabilities: ["logits"],
  effort: () => 1.05,
  strategy: ({ softness }) => new SoftTargets(softness),
});

class SoftTargets implements Strategy {
  #classes = 0;

  constructor(readonly softness: number) {}

  async beforeTask(task: TaskContext): Promise<void> {
    const { classes } = await task.model.logits([task.sequence(task.newItems[0]!)]);
    this.#classes = classes;
  }

  terms({ batch }: StepContext): Term[] {
    const rows = batch.reduce((sum, { weights }) => sum + weights.filter((own, i) => i > 0 && own > 0).length, 0);
    if (rows === 0) return [];
    const even = { rows, classes: this.#classes, values: new Float32Array(rows * this.#classes) };
    const weight = this.softness / (1 - this.softness);
    return [{ kind: "distillation", batch, teacher: even, temperature: 1, weight }];
  }
}
