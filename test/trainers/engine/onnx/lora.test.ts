import { describe, expect, test } from "vitest";
import { normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallModel } from "./small-model.js";

const objective = languageModeling(sequences([9, 5, 12, 7]));
const options = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "v_proj", "gate_proj"] };

describe("LoRA", () => {
  test("a fresh adapter changes nothing; it alone is trained; merged it answers as before", async () => {
    const model = smallModel();
    const before = await model.loss(objective);
    const base = model.base.values.slice();
    model.adapt(options, 1);
    expect(await model.loss(objective)).toBeCloseTo(before, 6);
    expect(model.trainable.length).toBe(2 * 2 * (2 * (8 + 16) + (8 + 6) - 8));
    for (let step = 0; step < 5; step++) await model.step(objective, plainUpdate);
    expect(model.base.values).toEqual(base);
    const trained = await model.loss(objective);
    expect(trained).toBeLessThan(before - 0.01);
    model.merge();
    expect(model.base.values).not.toEqual(base);
    expect(await model.loss(objective)).toBeCloseTo(trained, 5);
    expect(model.trainable).toBe(model.base);
  });

  test("is drawn from its seed", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => {
      const model = smallModel();
      model.adapt(options, seed);
      return model.trainable.values;
    });
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  test("its gradient is the merged model's, projected", async () => {
    const model = smallModel();
    model.adapt(options, 1);
    model.trainable.values.set(normals(model.trainable.length, "adapter").map((x) => 0.1 * x));
    const vector = model.vectors.values(await model.gradient(objective));
    const name = "model.layers.0.self_attn.q_proj";
    const down = model.adapter!.store.view(`${name}.lora_A.weight`).slice();
    const found = model.adapter!.store.view(`${name}.lora_B.weight`, vector).slice();
    model.merge();
    const whole = model.base.view(`${name}.weight`, model.vectors.values(await model.gradient(objective)));
    for (let row = 0; row < 16; row++) {
      for (let k = 0; k < 2; k++) {
        let expected = 0;
        for (let column = 0; column < 8; column++) expected += 2 * whole[row * 8 + column]! * down[k * 8 + column]!;
        expect(found[row * 2 + k]).toBeCloseTo(expected, 5);
      }
    }
  });

  test("dropout is keyed by the step, acts in training only, and vanishes in the mean", async () => {
    const plain = smallModel();
    const noisy = smallModel();
    for (const [model, dropout] of [
      [plain, 0],
      [noisy, 0.5],
    ] as const) {
      model.adapt({ ...options, dropout }, 1);
      model.trainable.values.set(normals(model.trainable.length, "adapter").map((x) => 0.1 * x));
    }
    expect(await noisy.loss(objective)).toBe(await plain.loss(objective));
    const exact = (await plain.step(objective, { ...plainUpdate, learningRate: 0 })).loss;
    const losses: number[] = [];
    for (let step = 0; step < 60; step++)
      losses.push((await noisy.step(objective, { ...plainUpdate, learningRate: 0 })).loss);
    expect(new Set(losses).size).toBeGreaterThan(50);
    expect(Math.abs(losses.reduce((a, b) => a + b, 0) / 60 - exact)).toBeLessThan(0.05);
    noisy.optimizer.reset();
    expect((await noisy.step(objective, plainUpdate)).loss).toBe(losses[0]);
  });

  test("refuses modules that the family has not, and a second adapter", () => {
    const model = smallModel();
    expect(() => model.adapt({ ...options, targetModules: ["qproj"] }, 1)).toThrow("qproj");
    model.adapt(options, 1);
    expect(() => model.adapt(options, 1)).toThrow("already");
  });
});
