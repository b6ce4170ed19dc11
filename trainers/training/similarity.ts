import { random } from "../../harness/contract/random.js";
import type { TaskContext } from "./strategy.js";

/** Embeddings of a task's inputs under the current model, of at most `items` of them, drawn at random. */
export function inputEmbeddings(task: TaskContext, items: number): Promise<Float32Array[]> {
  const drawn = random({ seed: task.seed, stream: "similarity", task: task.view.index }).sample(
    [...task.newItems],
    items,
  );
  return task.model.embed(drawn.map((item) => task.request(item)));
}

/** Mean embedding of a task's inputs under the current model, over at most `items` of them. */
export async function meanEmbedding(task: TaskContext, items: number): Promise<Float32Array> {
  const rows = await inputEmbeddings(task, items);
  return rows[0]!.map((_, column) => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length);
}

/** Cosine of the angle between two vectors; 0 where one of them is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squareA += a[i]! ** 2;
    squareB += b[i]! ** 2;
  }
  return squareA > 0 && squareB > 0 ? product / Math.sqrt(squareA * squareB) : 0;
}
