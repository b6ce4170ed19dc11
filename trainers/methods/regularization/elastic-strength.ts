import { cosine, meanEmbedding } from "../../training/similarity.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { TaskContext } from "../../training/strategy.js";

const weakest = 0.001;
const strongest = 0.1;
const embeddedItems = 48;

/**
 * A strength λ that follows the similarity of tasks. Before each task from the second on,
 * λ ← λ + β·(λ* − λ) with λ* = 0.1 · 0.01^s, s the mean cosine, on 0..1, between the mean embedding of the new task's
 * inputs and those of each earlier task (taken when they were learned). A task like the earlier ones (s = 1) asks for
 * the weakest penalty, 0.001, since what it changes serves them too; an unrelated one (s = 0) for the strongest, 0.1.
 */
export class ElasticStrength {
  readonly #beta: number;
  #lambda: number;
  #embeddings: Float32Array[] = [];

  /** @param lambda where it starts, brought within 0.001 to 0.1. */
  constructor(lambda: number, beta: number) {
    this.#beta = beta;
    this.#lambda = Math.min(strongest, Math.max(weakest, lambda));
  }

  get lambda(): number {
    return this.#lambda;
  }

  async beforeTask(task: TaskContext): Promise<void> {
    const embedding = await meanEmbedding(task, embeddedItems);
    if (this.#embeddings.length > 0) {
      const cosines = this.#embeddings.map((earlier) => Math.max(0, cosine(earlier, embedding)));
      const similarity = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
      const target = strongest * (weakest / strongest) ** similarity;
      this.#lambda += this.#beta * (target - this.#lambda);
      task.note("similarity to earlier tasks", similarity);
    }
    this.#embeddings.push(embedding);
  }

  save(directory: string): void {
    saveJson(directory, "strength", { lambda: this.#lambda, tasks: this.#embeddings.length });
    saveVectors(directory, "embeddings", Object.fromEntries(this.#embeddings.map((row, task) => [`${task}`, row])));
  }

  restore(directory: string): void {
    const { lambda, tasks } = loadJson<{ lambda: number; tasks: number }>(directory, "strength");
    const rows = loadVectors(directory, "embeddings");
    this.#lambda = lambda;
    this.#embeddings = Array.from({ length: tasks }, (_, task) => rows[`${task}`]!);
  }
}
