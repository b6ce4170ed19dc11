import type { Model, Vector } from "../../engine/contract.js";
import { parametersOf, setParameters } from "../../training/parameters.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import type { TaskVector } from "./task-vectors.js";

/** How task vectors become one. */
export interface MergingRule {
  /** Whether each task goes on from where the one before ended, in place of the base. */
  sequential: boolean;
  /** The merged vector, which is added to the base `scale` times. `seed` is the learner's. */
  merge(vectors: readonly TaskVector[], seed: number): ArrayLike<number>;
  scale: number;
}

/**
 * Answers with θ₀ + scale · merge(τ₁ … τ_t), of the task vectors so far; all of them are kept, each as large as what is
 * trained. Within a task questions are answered by the weights that are being trained.
 */
export class TaskVectorMerging implements Strategy {
  readonly exclusive = ["averaging"] as const;
  readonly parameters = "shared";
  readonly conflicts: Record<string, string>;
  readonly #rule: MergingRule;
  #base: Vector | undefined;
  readonly #vectors: TaskVector[] = [];
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
    this.#vectors.push(tuned.map((value, i) => value - base[i]!));
    const merged = this.#rule.merge(this.#vectors, seed);
    await setParameters(
      model,
      base.map((value, i) => value + this.#rule.scale * merged[i]!),
    );
  }

  async save(directory: string): Promise<void> {
    const vectors = Object.fromEntries(this.#vectors.map((vector, task) => [`${task}`, vector]));
    saveVectors(directory, "task-vectors", this.#latest ? { ...vectors, latest: this.#latest } : vectors);
    saveJson(directory, "tasks", this.#vectors.length);
  }

  async restore(directory: string): Promise<void> {
    const vectors = loadVectors(directory, "task-vectors");
    const tasks = loadJson<number>(directory, "tasks");
    for (let task = 0; task < tasks; task++) this.#vectors.push(vectors[`${task}`]!);
    if (this.#rule.sequential) this.#latest = vectors.latest; // earlier versions saved it for every rule
  }
}
