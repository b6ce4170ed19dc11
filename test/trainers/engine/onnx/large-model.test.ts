import { expect, test } from "vitest";
import type { Term, Update } from "../../../../trainers/engine/contract.js";
import { Graph, type Value } from "../../../../trainers/engine/onnx/graph/graph.js";
import { linear, total } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, floats } from "../../../../trainers/engine/onnx/graph/session.js";
import { VectorPool } from "../../../../trainers/engine/onnx/parameters/vector-pool.js";
import {
  activationBudget,
  activationBytes,
  withinBudget,
} from "../../../../trainers/engine/onnx/training/activations.js";
import { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import type { DecoderConfig } from "../../../../trainers/model/decoder-config.js";
import { normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallConfig, smallModel } from "./small-model.js";

/** The model of `smallModel`, trained as a large one is: in several runs a step. */
function asLarge(config: Partial<DecoderConfig> = {}): { large: TrainableDecoder; small: TrainableDecoder } {
  const small = smallModel(config);
  const large = new TrainableDecoder({ ...smallConfig, ...config }, 3, undefined, undefined, 0);
  large.base.values.set(small.base.values);
  return { large, small };
}

const batch = sequences([9, 5, 12, 7]);

/** Objective and update of a model, whose vectors are its own. */
type Make = (model: TrainableDecoder) => { terms?: Term[]; microBatch?: number; update?: Partial<Update> };

const drawn = (model: TrainableDecoder, item: string, of = (value: number) => value) =>
  model.vectors.hold(Float32Array.from(normals(model.trainable.length, item), of));
const quadratic = (model: TrainableDecoder, weight: number): Term => {
  const [anchor, importance] = [drawn(model, "anchor"), drawn(model, "importance", Math.abs)];
  return { kind: "quadratic", anchor, importance, weight };
};

const cases: Record<string, Make> = {
  "a plain step": () => ({}),
  "a clipped step": () => ({ update: { clip: 0.1 } }),
  "rates of components": () => ({ update: { componentRates: { q_proj: 0.5, mlp: 2, norm: 0 } } }),
  "a half-space": (model) => ({
    update: {
      clip: 1,
      constraint: { kind: "half-space", normal: drawn(model, "normal", (value) => -Math.abs(value)) },
    },
  }),
  "a mask": (model) => ({ update: { constraint: { kind: "mask", mask: drawn(model, "mask", (v) => Number(v > 0)) } } }),
  "a proximal step": (model) => ({
    update: {
      proximal: { anchor: drawn(model, "anchor"), importance: drawn(model, "importance", Math.abs), strength: 2 },
    },
  }),
  "two quadratic terms": (model) => ({
    terms: [quadratic(model, 0.3), ...languageModeling(batch).terms, quadratic(model, 2)],
  }),
  "a quadratic term alone": (model) => ({ terms: [quadratic(model, 0.3)] }),
  "two parts of a batch": (model) => ({
    terms: [...languageModeling(batch).terms, quadratic(model, 1)],
    microBatch: 2,
  }),
};

test.each(Object.entries(cases))("%s has the bits of the one graph", async (_, make) => {
  const { large, small } = asLarge();
  const run = async (model: TrainableDecoder) => {
    const { terms = languageModeling(batch).terms, microBatch, update } = make(model);
    const objective = { terms, microBatch };
    const reports = [];
    for (let step = 0; step < 3; step++) {
      const report = await model.step(objective, { ...plainUpdate, ...update, reportGradient: true });
      reports.push({ ...report, gradient: [...model.vectors.values(report.gradient!)] });
      model.vectors.free(report.gradient!);
    }
    return {
      reports,
      loss: await model.loss(objective),
      values: model.trainable.values,
      optimizer: model.optimizer.save(),
    };
  };
  expect(await run(large)).toEqual(await run(small));
});

test.each([true, false])(
  "with a large table of embeddings (tied: %s) a step has the bits of the one graph",
  async (tied) => {
    const { large, small } = asLarge({ vocabulary: 2048, tied }); // as many elements as a table of its own segment has
    const objective = {
      terms: [...languageModeling(batch).terms, ...languageModeling(sequences([6, 3], "more"), 0.5).terms],
    };
    const gradients = async (microBatch?: number) =>
      Promise.all(
        [large, small].map(async (model) => {
          const report = await model.step({ ...objective, microBatch }, { ...plainUpdate, reportGradient: true });
          return model.vectors.values(report.gradient!);
        }),
      );
    const [own, whole] = await gradients();
    expect(own).toEqual(whole);
    expect(large.trainable.values).toEqual(small.trainable.values);
    const [summed, combined] = await gradients(2);
    for (const [i, value] of combined!.entries()) expect(Math.abs(summed![i]! - value)).toBeLessThan(1e-6);
  },
);

test("many parts of a batch have the gradient of the whole", async () => {
  const { large, small } = asLarge();
  const objective = languageModeling(batch);
  const update = { ...plainUpdate, reportGradient: true };
  const parts = await large.step({ ...objective, microBatch: 1 }, update);
  const whole = await small.step(objective, update);
  expect(parts.loss).toBeCloseTo(whole.loss, 5);
  const gradient = large.vectors.values(parts.gradient!);
  for (const [i, value] of small.vectors.values(whole.gradient!).entries()) expect(gradient[i]).toBeCloseTo(value, 5);
});

test("a gradient and a loss in parts, as those of past tasks, are those of the whole", async () => {
  const { large, small } = asLarge();
  const objective = { ...languageModeling(batch), microBatch: 1 };
  const whole = small.vectors.values(await small.gradient(languageModeling(batch)));
  for (const model of [large, small]) {
    const gradient = model.vectors.values(await model.gradient(objective));
    for (const [i, value] of whole.entries()) expect(gradient[i]).toBeCloseTo(value, 5);
    expect(await model.loss(objective)).toBeCloseTo(await small.loss(languageModeling(batch)), 5);
  }
});

test("the logits of a batch above the budget are computed in parts, and joined", async () => {
  const config = { ...smallConfig, vocabulary: 50_000 };
  const large = new TrainableDecoder(config, 3, undefined, undefined, 0);
  large.base.values.set(large.base.values.map((_, i) => ((i * 7919) % 101) / 500 - 0.1));
  const { token, row } = activationBytes(config);
  const of = (first: number) => ({ tokens: [first, 1], weights: [0, 1] });
  const size = Math.floor(activationBudget / (2 * token + row));
  const many = Array.from({ length: size + 2 }, (_, i) => of(i));
  const { rows, classes, values } = await large.logits(many);
  const [first, last] = [await large.logits(many.slice(0, 2)), await large.logits(many.slice(-2))];
  expect([rows, classes, values.length]).toEqual([size + 2, 50_000, (size + 2) * 50_000]);
  const starts = (own: Float32Array) => first.values.every((value, i) => value === own[i]);
  expect([starts(values), starts(last.values)]).toEqual([true, false]);
  expect(last.values.every((value, i) => value === values.at(i - 2 * classes))).toBe(true);
});

test("what is not finite is DIVERGED and changes nothing", async () => {
  const { large } = asLarge();
  await large.step(languageModeling(batch), plainUpdate);
  const before = { values: large.trainable.values.slice(), optimizer: large.optimizer.save() };
  const infinite = { ...quadratic(large, 1), weight: Number.POSITIVE_INFINITY };
  await expect(large.step({ terms: [infinite] }, plainUpdate)).rejects.toMatchObject({ code: "DIVERGED" });
  expect({ values: large.trainable.values, optimizer: large.optimizer.save() }).toEqual(before);
});

test("examples are computed together as far as their activations fit, and at least one", () => {
  const sizes = { hidden: 10, intermediate: 20, layers: 2, vocabulary: 100 };
  const { token, row } = activationBytes(sizes);
  const example = { tokens: [1, 2, 3, 4], weights: [0, 0, 1, 1] };
  const objective = languageModeling([example, example, example]);
  const of = (budget: number, own = objective) => withinBudget(own, sizes, budget).microBatch;
  const bytes = 4 * token + 2 * row;
  expect([of(bytes - 1), of(bytes), of(2 * bytes - 1), of(2 * bytes)]).toEqual([1, 1, 1, 2]);
  expect(of(2 * bytes, { ...objective, microBatch: 1 })).toBe(1);
  const twice = { terms: [...objective.terms, ...languageModeling([example]).terms] };
  expect(of(4 * bytes, twice)).toBe(2);
  const sameBatch = { terms: [...objective.terms, ...objective.terms] };
  expect(of(4 * bytes, sameBatch)).toBe(4);
});

test("a freed vector's memory serves the next of its length, and no other's", () => {
  const pool = new VectorPool();
  const first = pool.copy(Float32Array.of(1, 2, 3));
  const memory = pool.values(first);
  pool.free(first);
  pool.free(first);
  expect(pool.take(2)).not.toBe(memory);
  expect(pool.take(3)).toBe(memory);
  expect(pool.take(3)).not.toBe(memory);
  expect(() => pool.values(first)).toThrow("was freed");
});

test.each([
  ["an output of ours", (product: Value) => product],
  ["ONNX Runtime's own", total],
] as const)("memory that does not suffice for %s is ENGINE_FAILED, with what to do", async (_, outputOf) => {
  const graph = new Graph();
  const size = 2 ** 21;
  const row = graph.input("row", [1, size]);
  const column = graph.input("column", [size, 1]);
  graph.output("y", outputOf(linear(graph.node("Transpose", [row], [size, 1], { perm: [1, 0] }), column)));
  const compiled = await CompiledGraph.create(graph);
  const values = new Float32Array(size);
  const run = compiled.run({ row: floats(values, [1, size]), column: floats(values, [size, 1]) });
  await expect(run).rejects.toMatchObject({ code: "ENGINE_FAILED", fix: expect.stringContaining("fewer workers") });
  await compiled.release();
});
