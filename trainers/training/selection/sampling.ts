import { normalized } from "../embeddings/embedder.js";
import { answerRequest } from "../sequences.js";
import { cosine, meanEmbedding } from "../similarity.js";
import type { Source, TaskContext, TrainingItem } from "../strategy.js";
import { kMeans } from "./k-means.js";

/** What is drawn from the buffer more often than other items. */
export type Sampling = "uniform" | "loss" | "novelty" | "gradient-norm" | "representative";

/** Inputs of the new task behind its mean embedding. */
const embeddedItems = 48;
const clusters = 20;
/** What an item weighs at least, as a share of the mean: none is never drawn. */
const leastWeight = 0.01;

/**
 * How the buffer's items are drawn in a task, judged by the model before it. In proportion to
 * - `loss`: their mean nll per token;
 * - `novelty`: 1 − cosine between their input's embedding and the new task's mean: what its items do not rehearse;
 * - `gradient-norm`: the length of the gradient of their loss, the variance-minimal choice (Katharopoulos & Fleuret, 1803.00942);
 * or, `representative`, epoch by epoch those nearest to the centroids of all embeddings first.
 */
export async function drawsOf(
  task: TaskContext,
  items: readonly TrainingItem[],
  sampling: Sampling,
): Promise<Pick<Source, "items" | "weights" | "ordered">> {
  if (sampling === "uniform" || items.length === 0) return { items };
  if (sampling === "representative") return { items: await byRepresentativeness(task, items), ordered: true };
  const measure = { loss: losses, novelty: novelties, "gradient-norm": gradientNorms }[sampling];
  const values = await measure(task, items);
  const least = (leastWeight * values.reduce((sum, value) => sum + value, 0)) / values.length;
  return { items, weights: values.map((value) => Math.max(value, least, Number.MIN_VALUE)) };
}

async function losses({ model, sequence }: TaskContext, items: readonly TrainingItem[]): Promise<number[]> {
  const requests = items.map((item) => answerRequest(item.example.id, sequence(item)));
  const scores = await model.score(requests);
  return scores.map((score, i) => -score / requests[i]!.continuation.length);
}

async function novelties(task: TaskContext, items: readonly TrainingItem[]): Promise<number[]> {
  const center = await meanEmbedding(task, embeddedItems);
  return (await embeddings(task, items)).map((own) => 1 - cosine(own, center));
}

async function gradientNorms(task: TaskContext, items: readonly TrainingItem[]): Promise<number[]> {
  const norms: number[] = [];
  for (const item of items) {
    task.checkCancelled();
    const batch = [task.sequence(item)];
    const gradient = await task.model.gradient({ terms: [{ kind: "language-modeling", batch, weight: 1 }] });
    norms.push(Math.sqrt(await task.model.dot(gradient, gradient)));
    await task.model.free(gradient);
  }
  return norms;
}

/** The nearest of each cluster, then the second nearest of each, and so on. */
async function byRepresentativeness(task: TaskContext, items: readonly TrainingItem[]): Promise<TrainingItem[]> {
  const points = (await embeddings(task, items)).map(normalized);
  const { clusterOf, distances } = kMeans(points, clusters, {
    seed: task.seed,
    stream: "representative",
    task: task.view.index,
  });
  const ranks = new Map<number, number>();
  const order = items.map((_, index) => index).sort((a, b) => distances[a]! - distances[b]! || a - b);
  const ranked = order.map((index) => {
    const rank = ranks.get(clusterOf[index]!) ?? 0;
    ranks.set(clusterOf[index]!, rank + 1);
    return { index, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ index }) => items[index]!);
}

function embeddings({ model, request }: TaskContext, items: readonly TrainingItem[]): Promise<Float32Array[]> {
  return model.embed(items.map((item) => request(item)));
}
