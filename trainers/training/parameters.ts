import type { Model, Vector } from "../engine/contract.js";

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
