import { digestOf } from "../../../harness/contract/digest.js";
import { loadJson, saveJson } from "../../training/state.js";
import type { Router } from "./routed-weights.js";
import { smallestVariance, TaskMoments } from "./task-moments.js";

/**
 * Tells tasks apart, and what belongs to none of them, by the embeddings of their inputs: a task's region is what lies
 * within a radius of its mean, by the squared Mahalanobis distance under the task's own variances (the confidence score of
 * Lee et al., arXiv 1807.03888, with a diagonal covariance a class). The radius is `margin` times the largest distance
 * among inputs that mean and variances were not made of: a third of those that are added. Nothing but the task's own
 * inputs sets it.
 */
export class InputRegions extends TaskMoments implements Router {
  readonly #margin: number;
  #radii: number[] = [];

  constructor(margin: number) {
    super();
    this.#margin = margin;
  }

  /** The tasks, and none of them. */
  get choices(): number {
    return this.size + 1;
  }

  /** Adds a task by some of its inputs' embeddings, at least one; of one or two, all serve for both. */
  override add(embeddings: readonly Float32Array[]): void {
    const held = Math.floor(embeddings.length / 3);
    super.add(embeddings.slice(held));
    const distances = embeddings.slice(0, held || undefined).map((one) => this.#distance(one, this.size - 1));
    this.#radii.push(this.#margin * Math.max(...distances));
  }

  /** The task deepest in whose region it lies, by the share of the radius; the first where several are; undefined outside all. */
  route(embedding: Float32Array): number | undefined {
    const shares = this.#radii.map((radius, task) => this.#distance(embedding, task) / radius);
    const least = Math.min(...shares);
    return least <= 1 ? shares.indexOf(least) : undefined;
  }

  override digest(): string {
    return digestOf({ moments: super.digest(), radii: this.#radii });
  }

  override save(directory: string): void {
    super.save(directory);
    saveJson(directory, "radii", this.#radii);
  }

  override restore(directory: string): void {
    super.restore(directory);
    this.#radii = loadJson<number[]>(directory, "radii");
  }

  #distance(embedding: Float32Array, task: number): number {
    const variance = this.variances[task]!;
    return this.means[task]!.reduce(
      (sum, mean, i) => sum + (embedding[i]! - mean) ** 2 / (variance[i]! + smallestVariance),
      0,
    );
  }
}
