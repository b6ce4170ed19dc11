import type { Model, Vector } from "../engine/contract.js";

/** Values of a vector that are read at a time: a vector is as large as the model. */
const partLength = 2 ** 24;

/** Vectors of one length in parts: the values of each from `start` on. */
export async function* inParts(
  model: Model,
  vectors: readonly Vector[],
): AsyncGenerator<{ start: number; values: Float32Array[] }> {
  for (let start = 0; start < vectors[0]!.length; start += partLength) {
    const values: Float32Array[] = [];
    for (const vector of vectors) {
      values.push(await model.read(vector, start, Math.min(start + partLength, vector.length)));
    }
    yield { start, values };
  }
}

/** The values of a model's trainable parameters. */
export async function parametersOf(model: Model): Promise<Float32Array> {
  const snapshot = await model.snapshot();
  const values = await model.read(snapshot);
  await model.free(snapshot);
  return values;
}

/** Sets a model's trainable parameters; the optimizer's state stays. */
export async function setParameters(model: Model, values: Float32Array): Promise<void> {
  const vector = await model.write(values);
  await model.restore(vector);
  await model.free(vector);
}

/** kept · average + added · parameters, as a new vector: an exponential moving average after one more step. Frees `average`. */
export async function movedAverage(model: Model, average: Vector, kept: number, added: number): Promise<Vector> {
  const now = await model.snapshot();
  const moved = await model.combine([kept, added], [average, now]);
  for (const vector of [now, average]) await model.free(vector);
  return moved;
}
