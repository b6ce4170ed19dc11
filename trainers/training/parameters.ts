import { BenchError } from "../../harness/contract/errors.js";
import type { Model, Vector } from "../engine/contract.js";

/**
 * Vectors of one length in parts, since each is as large as the model: the values of each from `start` on.
 *
 * @param most values of a vector that are read at a time.
 * @throws PLUGIN_INVALID where the engine gives others than it was asked for.
 */
export async function* inParts(
  model: Model,
  vectors: readonly Vector[],
  most = 2 ** 24,
): AsyncGenerator<{ start: number; values: Float32Array[] }> {
  for (let start = 0; start < vectors[0]!.length; start += most) {
    const values: Float32Array[] = [];
    for (const vector of vectors) {
      const end = Math.min(start + most, vector.length);
      const part = await model.read(vector, start, end);
      if (part.length !== end - start) {
        throw new BenchError(
          "PLUGIN_INVALID",
          `the engine's read gave ${part.length} values in place of ${end - start}`,
          {
            fix: "Give the values from `start` to before `end`; all where neither is given.",
          },
        );
      }
      values.push(part);
    }
    yield { start, values };
  }
}

/** Values of a further vector, part by part: `fill` writes those of a part `into` its place. Parts and errors as of `inParts`. */
export async function fromParts(
  model: Model,
  vectors: readonly Vector[],
  fill: (parts: Float32Array[], into: Float32Array) => void,
  most?: number,
): Promise<Float32Array> {
  const found = new Float32Array(vectors[0]!.length);
  for await (const { start, values } of inParts(model, vectors, most)) {
    fill(values, found.subarray(start, start + values[0]!.length));
  }
  return found;
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
