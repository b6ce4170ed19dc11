import { describe, expect, test } from "vitest";
import type { Update } from "../../../../trainers/engine/contract.js";
import { CompiledGraph, floats, type Tensor } from "../../../../trainers/engine/onnx/graph/session.js";
import { TrainableState } from "../../../../trainers/engine/onnx/parameters/trainable-state.js";
import { updateFeeds, updateForm } from "../../../../trainers/engine/onnx/training/adamw.js";
import { trainingBatch } from "../../../../trainers/engine/onnx/training/batch.js";
import { fisher } from "../../../../trainers/engine/onnx/training/importance.js";
import type { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import { trainingGraph } from "../../../../trainers/engine/onnx/training/training-graph.js";
import { normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallModel } from "./small-model.js";

const batch = sequences([9, 5, 12, 7]);
const objective = languageModeling(batch);

function drawVector(model: TrainableDecoder, item: string, map: (x: number) => number = (x) => x) {
  return model.vectors.hold(Float32Array.from(normals(model.trainable.length, item), map));
}

describe("the quadratic term", () => {
  test("its value and gradient, alone and with another term", async () => {
    const model = smallModel();
    const anchor = drawVector(model, "anchor");
    const importance = drawVector(model, "importance", Math.abs);
    const term = { kind: "quadratic" as const, anchor, importance, weight: 0.7 };
    const [a, f] = [model.vectors.values(anchor), model.vectors.values(importance)];
    const value = model.trainable.values.reduce((sum, own, i) => sum + 0.5 * f[i]! * (own - a[i]!) ** 2, 0);
    const text = await model.gradient(objective);
    const both = await model.gradient({ terms: [term, ...objective.terms, { ...term, weight: 0.3 }] });
    const pull = model.vectors.values(model.vectors.combine([1, -1], [both, text]));
    const expected = model.trainable.values.map((own, i) => f[i]! * (own - a[i]!));
    for (const [i, own] of pull.entries()) expect(own).toBeCloseTo(expected[i]!, 4);
    const report = await model.step({ terms: [term, ...objective.terms] }, plainUpdate);
    expect(report.terms[0]! / value).toBeCloseTo(1, 5);
    expect(await smallModel().loss(objective)).toBeCloseTo(report.terms[1]!, 5);
    expect(report.loss).toBeCloseTo(0.7 * report.terms[0]! + report.terms[1]!, 3);
  });

  test("its value is of before the step although the parameters are updated in place", async () => {
    const model = smallModel();
    model.trainable.values.fill(1);
    const anchor = model.vectors.hold(new Float32Array(model.trainable.length));
    const importance = model.vectors.hold(new Float32Array(model.trainable.length).fill(2));
    const update = { ...plainUpdate, learningRate: 0.5, clip: 1 };
    const report = await model.step({ terms: [{ kind: "quadratic", anchor, importance, weight: 1 }] }, update);
    expect(report.loss).toBe(model.trainable.length);
    expect(model.trainable.values[0]).toBeLessThan(0.6);
  });
});

test("updating in place or into other buffers gives the same bits", async () => {
  const model = smallModel();
  const state = new TrainableState(model.base);
  const anchor = Float32Array.from(normals(model.base.length, "anchor"));
  const update: Update = { ...plainUpdate, clip: 0.5 };
  const form = { config: model.config, lora: null, languageModeling: true, quadratics: 1, result: updateForm(update) };
  const compiled = await CompiledGraph.create(trainingGraph(form, model.base, model.base));
  const feeds = {
    ...state.updateFeeds,
    ...trainingBatch(model.config, [{ kind: "language-modeling", batch, weight: 1 }]).feeds,
    ...updateFeeds(update, 1),
    ...state.feeds("anchor.0", anchor),
    ...state.feeds("importance.0", anchor.map(Math.abs)),
    "weight.0": floats([0.1]),
  };
  const copied = await compiled.run(feeds);
  const bound = await compiled.run(feeds, { norm: null, nll: null, "quadratic.0": null, ...state.updateFetches });
  for (const name of Object.keys(copied)) expect([name, bound[name]!.data]).toEqual([name, copied[name]!.data]);
  const next = (prefix: string) =>
    state.segments.flatMap((_, i) => [...((copied[`next.${prefix}.${i}`] as Tensor).data as Float32Array)]);
  expect([...model.base.values]).toEqual(next("parameters"));
  expect([...state.first]).toEqual(next("first"));
});

describe("constraints", () => {
  test("a gradient outside the half-space is projected onto its border, one inside is left alone", async () => {
    for (const sign of [1, -1]) {
      const model = smallModel();
      const gradient = await model.gradient(objective);
      const noise = drawVector(model, "noise", (x) => x * 0.01);
      const normal = model.vectors.combine([sign, 1], [gradient, noise]);
      const update: Update = { ...plainUpdate, beta1: 0, constraint: { kind: "half-space", normal } };
      await model.step(objective, update);
      const used = model.vectors.hold(model.optimizer.save().first);
      const product = model.vectors.dot(used, normal);
      const cosine = product / Math.sqrt(model.vectors.dot(used, used) * model.vectors.dot(normal, normal));
      if (sign > 0) expect(model.vectors.values(used)).toEqual(model.vectors.values(gradient));
      else expect(Math.abs(cosine)).toBeLessThan(1e-5);
    }
  });

  test("a normal of zeros constrains nothing", async () => {
    const [free, bound] = [smallModel(), smallModel()];
    const normal = bound.vectors.hold(new Float32Array(bound.trainable.length));
    await free.step(objective, plainUpdate);
    await bound.step(objective, { ...plainUpdate, constraint: { kind: "half-space", normal } });
    expect(bound.trainable.values).toEqual(free.trainable.values);
  });

  test("what a mask excludes stays to the bit", async () => {
    const model = smallModel();
    const before = model.trainable.values.slice();
    const mask = model.vectors.hold(before.map((_, i) => i % 2));
    await model.step(objective, { ...plainUpdate, weightDecay: 0, constraint: { kind: "mask", mask } });
    const moved = before.map((own, i) => (model.trainable.values[i] === own ? 0 : 1));
    expect(moved.every((own, i) => i % 2 === 1 || own === 0)).toBe(true);
    expect(moved.filter((own) => own === 1).length).toBeGreaterThan(before.length / 3);
  });
});

test("the proximal step draws each parameter toward its anchor by its importance", async () => {
  const [free, drawn] = [smallModel(), smallModel()];
  const anchor = drawVector(drawn, "anchor");
  const importance = drawVector(drawn, "importance", Math.abs);
  const update = { ...plainUpdate, clip: 1, weightDecay: 0 };
  await free.step(objective, update);
  await drawn.step(objective, { ...update, proximal: { anchor, importance, strength: 50 } });
  const [a, f] = [drawn.vectors.values(anchor), drawn.vectors.values(importance)];
  for (const [i, own] of drawn.trainable.values.entries()) {
    const pull = update.learningRate * 50 * f[i]!;
    expect(own).toBeCloseTo((free.trainable.values[i]! + pull * a[i]!) / (1 + pull), 5);
  }
});

describe("Fisher information", () => {
  test("empirical: the mean of each example's squared gradient", async () => {
    const model = smallModel();
    const sum = new Float64Array(model.trainable.length);
    for (const example of batch) {
      const gradient = model.vectors.values(await model.gradient(languageModeling([example])));
      for (const [i, g] of gradient.entries()) sum[i]! += (g * g) / batch.length;
    }
    const importance = model.vectors.values(await fisher(model, batch, "empirical", 1, 1));
    for (const [i, own] of importance.entries()) expect(Math.abs(own - sum[i]!)).toBeLessThan(1e-5 * (1 + sum[i]!));
  });

  test("sampled: keyed by the seed, and near the empirical one where the model is sure of its labels", async () => {
    const model = smallModel();
    const sampledFisher = async (seed: number) => model.vectors.values(await fisher(model, batch, "sampled", seed, 1));
    expect(await sampledFisher(1)).toEqual(await sampledFisher(1));
    expect(await sampledFisher(1)).not.toEqual(await sampledFisher(2));
    for (let step = 0; step < 300; step++) await model.step(objective, { ...plainUpdate, weightDecay: 0 });
    expect(await model.loss(objective)).toBeLessThan(0.01);
    const empirical = model.vectors.values(await fisher(model, batch, "empirical", 1, 1));
    const sampled = await sampledFisher(3);
    for (const [i, own] of sampled.entries()) expect(own).toBeCloseTo(empirical[i]!, 6);
  });
});
