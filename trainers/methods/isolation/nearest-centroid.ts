import { digestOf } from "../../../harness/contract/digest.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";

/**
 * Tells tasks apart by the embeddings of their inputs: the nearest centroid, where each dimension counts by the inverse of
 * its variance within tasks (diagonal linear discriminant analysis; Dudoit et al., JASA 97, 2002, section 3.2). Keeps of
 * each task the mean and the variance alone.
 */
export class NearestCentroid {
  #means: Float32Array[] = [];
  #variances: Float32Array[] = [];

  /** How many tasks it knows. */
  get size(): number {
    return this.#means.length;
  }

  /** Adds a task by some of its inputs' embeddings, at least one. */
  add(embeddings: readonly Float32Array[]): void {
    const over = (value: (row: Float32Array, column: number) => number) =>
      embeddings[0]!.map(
        (_, column) => embeddings.reduce((sum, row) => sum + value(row, column), 0) / embeddings.length,
      );
    const mean = over((row, column) => row[column]!);
    this.#means.push(mean);
    this.#variances.push(over((row, column) => (row[column]! - mean[column]!) ** 2));
  }

  /** The task whose centroid is nearest, counted from 0 as added; the first where several are. */
  nearest(embedding: Float32Array): number {
    const within = embedding.map((_, i) => this.#variances.reduce((sum, variance) => sum + variance[i]!, smallest));
    const distances = this.#means.map((mean) =>
      mean.reduce((sum, center, i) => sum + (embedding[i]! - center) ** 2 / within[i]!, 0),
    );
    return distances.indexOf(Math.min(...distances));
  }

  digest(): string {
    return digestOf([...this.#means, ...this.#variances].map((row) => [...row]));
  }

  save(directory: string): void {
    const rows = (name: string, all: readonly Float32Array[]) => all.map((row, task) => [`${name}.${task}`, row]);
    const entries = [...rows("mean", this.#means), ...rows("variance", this.#variances)];
    saveVectors(directory, "centroids", Object.fromEntries(entries));
    saveJson(directory, "tasks", this.size);
  }

  restore(directory: string): void {
    const rows = loadVectors(directory, "centroids");
    const tasks = Array.from({ length: loadJson<number>(directory, "tasks") }, (_, task) => task);
    this.#means = tasks.map((task) => rows[`mean.${task}`]!);
    this.#variances = tasks.map((task) => rows[`variance.${task}`]!);
  }
}

/** Keeps a dimension that does not vary within tasks from a division by zero. */
const smallest = 1e-12;
