import { describe, expect, it } from "vitest";
import { initialWeights } from "../../../suites/trace-seq/pretraining/initial-weights.js";
import { recipe } from "../../../suites/trace-seq/pretraining/recipe.js";

const shape = { ...recipe.shape, vocabulary: 300 };
const tensors = new Map(initialWeights(shape, 1).map((tensor) => [tensor.name, tensor]));
const size = shape.hidden / shape.heads;

/** Score of a query at position 40 for each key before it, by the biases alone, after the rotary embedding. */
function offsetScores(head: number): number[] {
  const bias = (name: string) =>
    tensors.get(`model.layers.0.self_attn.${name}.bias`)!.values.slice(head * size, (head + 1) * size);
  const rotate = (vector: Float32Array, position: number) =>
    Float64Array.from(vector, (value, i) => {
      const half = size / 2;
      const angle = position * shape.ropeTheta ** (-(i % half) / half);
      const partner = i < half ? -vector[i + half]! : vector[i - half]!;
      return value * Math.cos(angle) + partner * Math.sin(angle);
    });
  const query = rotate(bias("q_proj"), 40);
  return Array.from({ length: 41 }, (_, position) =>
    rotate(bias("k_proj"), position).reduce((sum, value, i) => sum + value * query[i]!, 0),
  );
}

describe("initial weights", () => {
  it.each([1, 2, 3])("head of offset %i of layer 0 looks that far back before any training", (offset) => {
    const scores = offsetScores(offset - 1);
    const best = scores.indexOf(Math.max(...scores));
    expect(40 - best).toBe(offset);
    const others = scores.filter((_, position) => position !== best);
    expect((scores[best]! - Math.max(...others)) / Math.sqrt(size)).toBeGreaterThan(3);
  });

  it("match what a token was preceded by against the present token in layer 1", () => {
    const rows = (layer: number, name: string) => tensors.get(`model.layers.${layer}.self_attn.${name}.weight`)!.values;
    const row = (values: Float32Array, index: number) =>
      values.subarray(index * shape.hidden, (index + 1) * shape.hidden);
    const slow = size / 2 - 1;
    const query = row(rows(1, "q_proj"), slow);
    const key = row(rows(1, "k_proj"), slow);
    const write = Float32Array.from({ length: shape.hidden }, (_, i) => row(rows(0, "o_proj"), i)[slow - 4]! / 0.15);
    expect(query).toEqual(row(rows(0, "v_proj"), slow - 4));
    for (const [i, value] of key.entries()) expect(value).toBeCloseTo(write[i]!, 5);
  });

  it("are the same for the same seed, and finite", () => {
    expect(initialWeights(shape, 1)).toEqual([...tensors.values()]);
    expect(initialWeights(shape, 2)).not.toEqual([...tensors.values()]);
    expect([...tensors.values()].every(({ values }) => values.every(Number.isFinite))).toBe(true);
  });
});
