import { expect, test } from "vitest";
import type { Objective } from "../../../../trainers/engine/contract.js";
import { absolute } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { subspaceValue } from "../../../../trainers/engine/onnx/training/subspaces.js";
import type { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import { gradientError, normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallModel } from "./small-model.js";

const objective = languageModeling(sequences([9, 5, 12, 7]));
const lora = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "v_proj", "gate_proj"] };
const adaptive = { ...lora, kind: "adalora" as const, rank: 3, targetRank: 2 };
const drawAdapter = (model: TrainableDecoder, item: string, deviation = 0.1) =>
  model.trainable.values.set(normals(model.trainable.length, item).map((x) => deviation * x));

test("the gradients of |x| and of the terms over subspaces are those of finite differences", async () => {
  expect(await gradientError([[3, 4]], (_, x) => absolute(x!))).toBeLessThan(1e-7);
  const orthonormality = await gradientError(
    [
      [3, 5],
      [4, 3],
    ],
    (graph, down, up) => {
      const tensors = new Map([
        ["m.lora_A.weight", down!],
        ["m.lora_B.weight", up!],
      ]);
      return subspaceValue(graph, "orthonormality", tensors);
    },
  );
  expect(orthonormality).toBeLessThan(1e-6);
});

test("orthogonality: its value is Σ |A_earlier·Aᵀ| over all earlier adapters, its gradient that of the definition", async () => {
  const model = smallModel();
  model.adapt(lora, 1);
  for (const item of ["first", "second"]) {
    drawAdapter(model, item);
    model.stack(1);
  }
  drawAdapter(model, "third");
  const { store } = model.adapter!;
  const term = { kind: "orthogonality" as const, weight: 0.5 };
  const expected = new Float32Array(store.length);
  let value = 0;
  for (const { name, shape } of store.tensors.filter((tensor) => tensor.name.endsWith("lora_A.weight"))) {
    const width = shape[1]!;
    const own = store.view(name);
    const gradient = store.view(name, expected);
    for (const { store: earlier } of model.earlier) {
      const old = earlier.view(name);
      for (let i = 0; i < own.length; i += width) {
        for (let j = 0; j < old.length; j += width) {
          const product = own.subarray(i, i + width).reduce((sum, x, k) => sum + x * old[j + k]!, 0);
          value += Math.abs(product);
          for (let k = 0; k < width; k++) gradient[i + k]! += 0.5 * Math.sign(product) * old[j + k]!;
        }
      }
    }
  }
  expect(await model.loss({ terms: [term] })).toBeCloseTo(0.5 * value, 5);
  const both: Objective = { terms: [...objective.terms, term] };
  const share = model.vectors.combine([1, -1], [await model.gradient(both), await model.gradient(objective)]);
  for (const [i, own] of model.vectors.values(share).entries()) expect(own).toBeCloseTo(expected[i]!, 5);
  const report = await model.step(both, plainUpdate);
  expect(report.terms[1]).toBeCloseTo(value, 4);
});

test("a stack answers as before when a new adapter is put on it, trains that one alone, and merges into the same", async () => {
  const model = smallModel();
  model.adapt(lora, 1);
  for (let step = 0; step < 5; step++) await model.step(objective, plainUpdate);
  const trained = await model.loss(objective);
  const first = model.trainable.values.slice();
  model.stack(1);
  expect(await model.loss(objective)).toBeCloseTo(trained, 5);
  const names = model.trainable.tensors.map(({ name }) => name).filter((name) => name.includes("lora_A"));
  for (const name of names) expect(model.trainable.view(name)).not.toEqual(model.earlier[0]!.store.view(name));
  for (let step = 0; step < 5; step++) await model.step(objective, plainUpdate);
  expect(model.earlier[0]!.store.values).toEqual(first);
  const last = await model.loss(objective);
  expect(last).toBeLessThan(trained);
  model.merge();
  expect(await model.loss(objective)).toBeCloseTo(last, 5);
});

test("AdaLoRA: fresh it changes nothing; its gradient is the merged model's, projected on P, Λ and Q; merged it answers the same", async () => {
  const model = smallModel();
  const before = await model.loss(objective);
  model.adapt(adaptive, 1);
  expect(await model.loss(objective)).toBeCloseTo(before, 6);
  drawAdapter(model, "adaptive", 0.5);
  const gradient = model.vectors.values(await model.gradient(objective));
  const name = "model.layers.0.self_attn.q_proj";
  const { store, scaling } = model.adapter!;
  const part = (which: string, vector?: Float32Array) => store.view(`${name}.lora_${which}.weight`, vector).slice();
  const [down, diagonal, up] = ["A", "E", "B"].map((which) => part(which)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const loss = await model.loss(objective);
  const [ofDown, ofDiagonal, ofUp] = ["A", "E", "B"].map((which) => part(which, gradient));
  model.merge();
  expect(await model.loss(objective)).toBeCloseTo(loss, 5);
  const whole = model.base.view(`${name}.weight`, model.vectors.values(await model.gradient(objective)));
  for (let k = 0; k < 3; k++) {
    let strength = 0;
    for (let row = 0; row < 16; row++) {
      const along = down.subarray(k * 8, k * 8 + 8).reduce((sum, x, column) => sum + whole[row * 8 + column]! * x, 0);
      expect(ofUp![row * 3 + k]).toBeCloseTo(scaling * diagonal[k]! * along, 4);
      strength += scaling * up[row * 3 + k]! * along;
    }
    expect(ofDiagonal![k]).toBeCloseTo(strength, 4);
    for (let column = 0; column < 8; column++) {
      let across = 0;
      for (let row = 0; row < 16; row++) across += whole[row * 8 + column]! * up[row * 3 + k]!;
      expect(ofDown![k * 8 + column]).toBeCloseTo(scaling * diagonal[k]! * across, 4);
    }
  }
});

test("a step reports its gradient where it is asked to, and takes the same step", async () => {
  const [plain, reporting] = [smallModel(), smallModel()];
  const expected = reporting.vectors.values(await reporting.gradient(objective)).slice();
  const update = { ...plainUpdate, clip: 0.1 };
  expect((await plain.step(objective, update)).gradient).toBeUndefined();
  const { gradient } = await reporting.step(objective, { ...update, reportGradient: true });
  expect(reporting.vectors.values(gradient!)).toEqual(expected);
  expect(reporting.base.values).toEqual(plain.base.values);
});

test("AdaLoRA: a triplet whose Λ is zero may as well not be there", async () => {
  const names = ["q_proj", "v_proj", "gate_proj"];
  const [masked, smaller] = [smallModel(), smallModel()];
  masked.adapt(adaptive, 1);
  drawAdapter(masked, "adaptive", 0.5);
  const rest = { ...adaptive, rank: 2, alpha: (adaptive.alpha * (2 + 1e-5)) / (3 + 1e-5), targetModules: names };
  smaller.adapt(rest, 1);
  for (const { name, shape } of masked.adapter!.store.tensors) {
    const values = masked.adapter!.store.view(name);
    if (name.includes("lora_E")) values[1] = 0;
    const isUp = name.includes("lora_B");
    const kept = values.filter((_, i) => (isUp ? i % 3 : Math.floor(i / shape[1]!)) !== 1);
    smaller.adapter!.store.view(name).set(kept);
  }
  expect(await masked.loss(objective)).toBeCloseTo(await smaller.loss(objective), 6);
  expect(await masked.loss(objective)).not.toBeCloseTo(await smallModel().loss(objective), 3);
});
