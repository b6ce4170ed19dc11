import { digestOf } from "../../../harness/contract/digest.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";

/** Mean and variance of the embeddings of each task's inputs: all that is kept of them. */
export class TaskMoments {
  means: Float32Array[] = [];
  variances: Float32Array[] = [];

  /** How many tasks it knows. */
  get size(): number {
    return this.means.length;
  }

  /** Adds a task by some of its inputs' embeddings, at least one. */
  add(embeddings: readonly Float32Array[]): void {
    const over = (value: (row: Float32Array, column: number) => number) =>
      embeddings[0]!.map(
        (_, column) => embeddings.reduce((sum, row) => sum + value(row, column), 0) / embeddings.length,
      );
    const mean = over((row, column) => row[column]!);
    this.means.push(mean);
    this.variances.push(over((row, column) => (row[column]! - mean[column]!) ** 2));
  }

  digest(): string {
    return digestOf([...this.means, ...this.variances].map((row) => [...row]));
  }

  save(directory: string): void {
    const rows = (name: string, all: readonly Float32Array[]) => all.map((row, task) => [`${name}.${task}`, row]);
    const entries = [...rows("mean", this.means), ...rows("variance", this.variances)];
    saveVectors(directory, "centroids", Object.fromEntries(entries));
    saveJson(directory, "tasks", this.size);
  }

  restore(directory: string): void {
    const rows = loadVectors(directory, "centroids");
    const tasks = Array.from({ length: loadJson<number>(directory, "tasks") }, (_, task) => task);
    this.means = tasks.map((task) => rows[`mean.${task}`]!);
    this.variances = tasks.map((task) => rows[`variance.${task}`]!);
  }
}

/** Added to a variance, so that a dimension that does not vary within tasks causes no division by zero. */
export const smallestVariance = 1e-12;
