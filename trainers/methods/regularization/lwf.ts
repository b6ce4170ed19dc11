import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Logits, Term, Vector } from "../../engine/contract.js";
import type { StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  alpha: Type.Number({ minimum: 0, default: 0.5, description: "Weight of the distillation." }),
  temperature: Type.Number({ exclusiveMinimum: 0, default: 2, description: "Softens both distributions." }),
};

type LwfOptions = OptionsOf<typeof options>;

/**
 * Learning without forgetting (Li & Hoiem, arXiv 1606.09282): from the second task on the model is also to answer the
 * new task's inputs as it did before the task: loss + α·T²·KL(before ‖ now) on the distributions of the answer's tokens
 * at temperature T. The model before the task is the teacher; each batch is answered by it once, without a gradient.
 * Privileges: none.
 */
export const lwf = defineMethod({
  name: "lwf",
  summary: "Distills the model from before the task on the new task's inputs.",
  source: "arXiv 1606.09282",
  version: 1,
  options,
  space: { alpha: { low: 0.1, high: 10, scale: "log" }, learningRate: rateRange },
  capabilities: ["logits"],
  effort: () => 1.4,
  vectors: () => 1,
  strategy: (chosen) => new Lwf(chosen),
});

class Lwf implements Strategy {
  readonly #options: LwfOptions;
  #teacher: Vector | undefined;
  #answers: Logits | undefined;

  constructor(options: LwfOptions) {
    this.#options = options;
  }

  async beforeTask({ model, view }: TaskContext): Promise<void> {
    if (view.index > 0) this.#teacher = await model.snapshot();
  }

  async beforeStep({ model, batch }: StepContext): Promise<void> {
    if (this.#teacher) this.#answers = await model.logits(batch, this.#teacher);
  }

  terms({ batch }: StepContext): Term[] {
    if (!this.#answers) return [];
    const { alpha: weight, temperature } = this.#options;
    return [{ kind: "distillation", batch, teacher: this.#answers, temperature, weight }];
  }

  async afterTask({ model }: TaskContext): Promise<void> {
    if (this.#teacher) await model.free(this.#teacher);
    this.#teacher = undefined;
    this.#answers = undefined;
  }
}
