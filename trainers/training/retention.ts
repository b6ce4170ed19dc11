import type { Model, TrainingSequence, Vector } from "../engine/contract.js";
import type { EarlyStoppingOptions } from "./options.js";

/**
 * Early stopping on what earlier tasks lose: every few steps the loss on their validation data, averaged over tasks;
 * after `patience` checks in a row without a lower one, training ends at the parameters of the best check.
 */
export class RetentionMonitor {
  readonly #model: Model;
  readonly #tasks: readonly (readonly TrainingSequence[])[];
  readonly #options: EarlyStoppingOptions;
  #best: { loss: number; parameters: Vector } | undefined;
  #worse = 0;

  /** @param tasks validation sequences of each earlier task, at least one task. */
  constructor(model: Model, tasks: readonly (readonly TrainingSequence[])[], options: EarlyStoppingOptions) {
    this.#model = model;
    this.#tasks = tasks;
    this.#options = options;
  }

  /** Called after each 0-based step. True when training must end; the model then has the best parameters. */
  async stops(step: number): Promise<boolean> {
    if ((step + 1) % this.#options.every !== 0) return false;
    const loss = await this.#loss();
    if (!this.#best || loss < this.#best.loss) {
      await this.release();
      this.#best = { loss, parameters: await this.#model.snapshot() };
      this.#worse = 0;
      return false;
    }
    if (++this.#worse < this.#options.patience) return false;
    await this.#model.restore(this.#best.parameters);
    return true;
  }

  async release(): Promise<void> {
    if (this.#best) await this.#model.free(this.#best.parameters);
    this.#best = undefined;
  }

  async #loss(): Promise<number> {
    let sum = 0;
    for (const batch of this.#tasks) {
      sum += await this.#model.loss({ terms: [{ kind: "language-modeling", batch, weight: 1 }] });
    }
    return sum / this.#tasks.length;
  }
}
