import { expect, test } from "vitest";
import type { Graph } from "../../../../trainers/engine/onnx/graph/graph.js";
import { squareRoot } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { tensorsOf } from "../../../../trainers/engine/onnx/parameters/store-tensors.js";
import { keysOf } from "../../../../trainers/model/prompt-files.js";
import { gradientError, normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallConfig, smallModel } from "./small-model.js";

const { vocabulary, hidden } = smallConfig;
const texts = sequences([9, 5, 12]);

/** A model with a table of four virtual tokens and two keys. */
function prompted() {
  const model = smallModel();
  model.addPrompts({ virtualTokens: 4, keys: 2 }, 1);
  return model;
}

test("a virtual token with a token's embedding acts as that token", async () => {
  const model = prompted();
  const embeddings = model.base.view("model.embed_tokens.weight");
  model.trainable.view("prompt_embeddings").set(embeddings.subarray(5 * hidden, 6 * hidden), 2 * hidden);
  const replaced = texts.map(({ tokens, weights }) => ({ tokens: [tokens[0]!, 5, ...tokens.slice(2)], weights }));
  const virtual = replaced.map(({ tokens, weights }) => ({
    tokens: tokens.map((token, i) => (i === 1 ? vocabulary + 2 : token)),
    weights,
  }));
  expect(await model.loss(languageModeling(virtual))).toBeCloseTo(await model.loss(languageModeling(replaced)), 6);
});

test("prompts start as embeddings of the vocabulary, keyed by the seed; the base stays as it is", async () => {
  const model = prompted();
  const rows = Array.from({ length: vocabulary }, (_, token) =>
    model.base.view("model.embed_tokens.weight").subarray(token * hidden, (token + 1) * hidden),
  );
  const first = model.trainable.view("prompt_embeddings").subarray(0, hidden);
  expect(rows.some((row) => row.every((value, i) => value === first[i]))).toBe(true);
  const base = model.base.values.slice();
  const behind = texts.map(({ tokens, weights }) => ({
    tokens: [vocabulary + 1, ...tokens],
    weights: [0, ...weights],
  }));
  const before = model.trainable.view("prompt_embeddings").slice();
  for (let step = 0; step < 3; step++) await model.step(languageModeling(behind), plainUpdate);
  expect(model.base.values).toEqual(base);
  const after = model.trainable.view("prompt_embeddings");
  const moved = Array.from({ length: 4 }, (_, row) =>
    after.subarray(row * hidden, (row + 1) * hidden).some((value, i) => value !== before[row * hidden + i]),
  );
  expect(moved[1]).toBe(true);
});

test("keys are matched to their queries: the value is mean(1 − cos), and training turns the chosen ones alone", async () => {
  const model = prompted();
  const queries = [normals(hidden, "a"), normals(hidden, "b")].map((values) => Float32Array.from(values));
  const choices = [[1], [1]];
  const term = { kind: "key-matching" as const, queries, choices, weight: 0.5 };
  const key = keysOf(tensorsOf(model.prompts!.store))[1]!;
  const cosine = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  const expected = queries.reduce((sum, query) => sum + (1 - cosine(query, key)) / 2, 0);
  expect(await model.loss({ terms: [term] })).toBeCloseTo(0.5 * expected, 5);
  const gradient = model.vectors.values(await model.gradient({ terms: [term] }));
  expect(gradient.subarray(0, 5 * hidden).every((value) => value === 0)).toBe(true);
  const step = 1e-2;
  const direction = normals(hidden, "direction");
  const keys = model.trainable.view("prompt_keys");
  const valueAt = async (move: number) => {
    direction.forEach((d, i) => {
      keys[hidden + i] = key[i]! + move * d;
    });
    return model.loss({ terms: [term] });
  };
  const slope = ((await valueAt(step)) - (await valueAt(-step))) / (2 * step);
  expect(direction.reduce((sum, d, i) => sum + d * gradient[5 * hidden + i]!, 0)).toBeCloseTo(slope, 3);
});

test("the square root's rule is that of finite differences", async () => {
  const error = await gradientError([[2, 3]], (graph: Graph, x) => {
    const square = graph.differentiable(graph.node("Mul", [x, x], x.shape), [
      [x, (gradient) => graph.node("Mul", [graph.scalar(2), graph.node("Mul", [gradient, x], x.shape)], x.shape)],
    ]);
    return squareRoot(square);
  });
  expect(error).toBeLessThan(1e-7);
});
