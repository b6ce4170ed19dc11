import type { Router } from "./routed-weights.js";
import { smallestVariance, TaskMoments } from "./task-moments.js";

/**
 * Tells tasks apart by the embeddings of their inputs: the nearest centroid, where each dimension counts by the inverse of
 * its variance within tasks (diagonal linear discriminant analysis; Dudoit et al., JASA 97, 2002, section 3.2). Every
 * question belongs to some task.
 */
export class NearestCentroid extends TaskMoments implements Router {
  get choices(): number {
    return this.size;
  }

  /** The task whose centroid is nearest; the first where several are. */
  route(embedding: Float32Array): number {
    const within = embedding.map((_, i) =>
      this.variances.reduce((sum, variance) => sum + variance[i]!, smallestVariance),
    );
    const distances = this.means.map((mean) =>
      mean.reduce((sum, center, i) => sum + (embedding[i]! - center) ** 2 / within[i]!, 0),
    );
    return distances.indexOf(Math.min(...distances));
  }
}
