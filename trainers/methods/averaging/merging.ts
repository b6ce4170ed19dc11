import type { Model, Vector } from "../../engine/contract.js";
import { parametersOf, setParameters } from "../../training/parameters.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import type { TaskVector } from "./task-vectors.js";

/** How task vectors become one. */
export interface MergingRule {
  /** Whether each task goes on from where the one before ended, in place of the base. */
  sequential: boolean;
  /** What is kept of the vector of the task with that index; the vector itself where absent. `seed` is the learner's. */
  prepare?(vector: TaskVector, task: number, seed: number): TaskVector;
  /** What was kept of the tasks so far as one vector, which is added to the base `scale` times. */
  merge(kept: readonly TaskVector[]): ArrayLike<number>;
  scale: number;
}

/**
 * Answers with θ₀ + scale · merge(prepare(τ₁) … prepare(τ_t)), of the task vectors so far; what is prepared of each, once,
 * is kept, as large as what is trained. Within a task questions are answered by the weights that are being trained.
 */
export class TaskVectorMerging implements Strategy {
  readonly exclusive = ["averaging"] as const;
  readonly parameters = "shared";
  readonly conflicts: Record<string, string>;
  readonly #rule: MergingRule;
  #base: Vector | undefined;
  readonly #kept: TaskVector[] = [];
  /** Where the latest task ended, before merging, if the next goes on from there. */
  #latest: Float32Array | undefined;

  constructor(rule: MergingRule) {
    this.#rule = rule;
    this.conflicts = {
      ...(rule.sequential ? {} : { lwf: "every task starts from the base, which would be the teacher" }),
      "progressive-prompts": "a prompt belongs to one task, and merging over tasks would change it",
    };
  }

  async open(model: Model): Promise<void> {
    this.#base = await model.snapshot();
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    if (this.#latest) await setParameters(model, this.#latest);
    else await model.restore(this.#base!);
  }

  async afterTask({ model, seed }: TaskContext): Promise<void> {
    const base = await model.read(this.#base!);
    const tuned = await parametersOf(model);
    if (this.#rule.sequential) this.#latest = tuned;
    const vector = tuned.map((value, i) => value - base[i]!);
    this.#kept.push(this.#rule.prepare?.(vector, this.#kept.length, seed) ?? vector);
    const merged = this.#rule.merge(this.#kept);
    await setParameters(
      model,
      base.map((value, i) => value + this.#rule.scale * merged[i]!),
    );
  }

  async save(directory: string): Promise<void> {
    const vectors = Object.fromEntries(this.#kept.map((vector, task) => [`${task}`, vector]));
    saveVectors(directory, "task-vectors", this.#latest ? { ...vectors, latest: this.#latest } : vectors);
    saveJson(directory, "tasks", this.#kept.length);
  }

  async restore(directory: string): Promise<void> {
    const vectors = loadVectors(directory, "task-vectors");
    const tasks = loadJson<number>(directory, "tasks");
    for (let task = 0; task < tasks; task++) this.#kept.push(vectors[`${task}`]!);
    this.#latest = vectors.latest;
  }
}

/** What is kept of every task, the base, and at a task's end what merging needs beyond what a step needs. */
export const mergedVectors = (tasks: number): number => tasks + 2;
