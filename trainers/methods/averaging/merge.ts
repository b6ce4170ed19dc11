import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Vector } from "../../engine/contract.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  scale: Type.Number({
    minimum: 0,
    default: 1,
    description: "Factor on the mean task vector: 1 for the mean of the models, λ × tasks for task arithmetic.",
  }),
};

type MergeOptions = OptionsOf<typeof options>;

/**
 * Merging of task models: each task is trained from the base θ₀ alone, which leaves a task vector τ = θ − θ₀ (Ilharco
 * et al., arXiv 2212.04089); the model that answers is θ₀ + scale · mean τ over the tasks so far. With scale 1 that is
 * the mean of the task models, a uniform soup (arXiv 2203.05482); task arithmetic with its λ on the sum of T vectors is
 * scale λ·T. With an adapter only the adapter's parameters are averaged. Privileges: none.
 */
export const merge = defineMethod({
  name: "merge",
  summary: "Trains each task from the base and averages the task vectors.",
  source: "arXiv 2212.04089; arXiv 2203.05482",
  version: 1,
  options,
  space: { scale: { low: 0.3, high: 3, scale: "log" }, learningRate: rateRange },
  vectors: () => 4,
  strategy: (chosen) => new Merge(chosen),
});

class Merge implements Strategy {
  readonly exclusive = ["averaging"] as const;
  readonly parameters = "shared";
  readonly conflicts = {
    lwf: "every task starts from the base, which would be the teacher",
    "progressive-prompts": "a prompt belongs to one task, and the mean over tasks would dilute it",
  };
  readonly #scale: number;
  #base: Vector | undefined;
  /** Σ τ over the tasks so far. */
  #sum: Vector | undefined;
  #tasks = 0;

  constructor({ scale }: MergeOptions) {
    this.#scale = scale;
  }

  async open(model: Model): Promise<void> {
    this.#base = await model.snapshot();
    this.#sum = await model.combine([0], [this.#base]);
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    await model.restore(this.#base!);
  }

  async afterTask({ model }: TaskContext): Promise<void> {
    const tuned = await model.snapshot();
    const sum = await model.combine([1, 1, -1], [this.#sum!, tuned, this.#base!]);
    this.#tasks++;
    const merged = await model.combine([1, this.#scale / this.#tasks], [this.#base!, sum]);
    await model.restore(merged);
    for (const vector of [tuned, merged, this.#sum!]) await model.free(vector);
    this.#sum = sum;
  }

  async save(directory: string, model: Model): Promise<void> {
    saveVectors(directory, "task-vectors", { sum: await model.read(this.#sum!) });
    saveJson(directory, "tasks", this.#tasks);
  }

  async restore(directory: string, model: Model): Promise<void> {
    await model.free(this.#sum!);
    this.#sum = await model.write(loadVectors(directory, "task-vectors").sum!);
    this.#tasks = loadJson(directory, "tasks");
  }
}
