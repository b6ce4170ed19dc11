import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Update } from "../../../../trainers/engine/contract.js";
import { fisher } from "../../../../trainers/engine/onnx/training/importance.js";
import { normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallModel } from "./small-model.js";

const batch = sequences([9, 5, 12, 7]);
const objective = languageModeling(batch);

/** AdamW in plain double precision, after the paper. */
function referenceAdamW(
  parameters: Float64Array,
  gradients: readonly Float32Array[],
  update: Update,
  decays: (i: number) => boolean,
  rate: (i: number) => number = () => 1,
): void {
  const first = new Float64Array(parameters.length);
  const second = new Float64Array(parameters.length);
  for (const [step, gradient] of gradients.entries()) {
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    const factor = update.clip === null ? 1 : Math.min(1, update.clip / (norm + 1e-6));
    for (let i = 0; i < parameters.length; i++) {
      const g = factor * gradient[i]!;
      const learningRate = update.learningRate * rate(i);
      first[i] = update.beta1 * first[i]! + (1 - update.beta1) * g;
      second[i] = update.beta2 * second[i]! + (1 - update.beta2) * g * g;
      const m = first[i]! / (1 - update.beta1 ** (step + 1));
      const v = second[i]! / (1 - update.beta2 ** (step + 1));
      if (decays(i)) parameters[i]! *= 1 - learningRate * update.weightDecay;
      parameters[i]! -= (learningRate * m) / (Math.sqrt(v) + update.epsilon);
    }
  }
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

describe("AdamW", () => {
  test.each<[string, Partial<Update>]>([
    ["without clipping", {}],
    ["clipped", { clip: 0.05 }],
    [
      "with component rates, of which the longest key wins and 0 freezes, it",
      { clip: 0.5, componentRates: { proj: 0.5, q_proj: 3, embed: 0 } },
    ],
  ])("%s agrees with a reference in double precision over four steps", async (_, changes) => {
    const model = smallModel();
    const update = { ...plainUpdate, ...changes };
    const start = Float64Array.from(model.trainable.values);
    const owner = model.trainable.tensors.flatMap((tensor) => Array.from({ length: tensor.length }, () => tensor));
    const rate = (i: number): number => {
      if (!update.componentRates) return 1;
      const { name } = owner[i]!;
      return name.includes("q_proj") ? 3 : name.includes("proj") ? 0.5 : name.includes("embed") ? 0 : 1;
    };
    const gradients: Float32Array[] = [];
    for (let step = 0; step < 4; step++) {
      const gradient = model.vectors.hold(Float32Array.from(normals(model.trainable.length, `gradient ${step}`)));
      gradients.push(model.vectors.values(gradient).map((own, i) => (rate(i) === 0 ? 0 : own)));
      const { gradientNorm } = await model.apply(gradient, update);
      expect(gradientNorm).toBeCloseTo(Math.hypot(...gradients[step]!), 3);
    }
    referenceAdamW(start, gradients, update, (i) => owner[i]!.shape.length > 1, rate);
    expect(largestDifference(model.trainable.values, start)).toBeLessThan(1e-6);
  });

  test("a step is the gradient, then its application", async () => {
    const [whole, parts] = [smallModel(), smallModel()];
    for (let step = 0; step < 3; step++) {
      await whole.step(objective, { ...plainUpdate, clip: 1 });
      const gradient = await parts.gradient(objective);
      await parts.apply(gradient, { ...plainUpdate, clip: 1 });
    }
    expect(largestDifference(whole.trainable.values, parts.trainable.values)).toBeLessThan(1e-6);
  });

  test("the clipped gradient's norm is the limit; a limit above it, or none, changes nothing", async () => {
    const norms = await Promise.all(
      [0.01, 1e6, null].map(async (clip) => {
        const model = smallModel();
        const { gradientNorm } = await model.step(objective, { ...plainUpdate, beta1: 0, clip });
        return { gradientNorm, used: Math.hypot(...model.optimizer.save().first) };
      }),
    );
    expect(norms[0]!.used).toBeCloseTo(0.01, 5);
    expect(norms[1]!.used).toBeCloseTo(norms[1]!.gradientNorm, 4);
    expect(norms[2]).toEqual(norms[1]);
    expect(norms[0]!.gradientNorm).toBe(norms[1]!.gradientNorm);
  });

  test("the moments that were saved go on where they stopped, to the bit", async () => {
    const [whole, parts] = [smallModel(), smallModel()];
    for (let step = 0; step < 2; step++) await whole.step(objective, plainUpdate);
    await parts.step(objective, plainUpdate);
    const saved = parts.optimizer.save();
    const other = smallModel();
    other.trainable.values.set(parts.trainable.values);
    other.optimizer.restore(saved);
    await other.step(objective, plainUpdate);
    expect(other.trainable.values).toEqual(whole.trainable.values);
  });
});

test("two runs give the same bits", async () => {
  const run = async () => {
    const model = smallModel();
    const losses = [];
    for (let step = 0; step < 5; step++) losses.push((await model.step(objective, { ...plainUpdate, clip: 1 })).loss);
    return { losses, values: model.trainable.values };
  };
  const [a, b] = [await run(), await run()];
  expect(a).toEqual(b);
  expect(a.losses.at(-1)!).toBeLessThan(a.losses[0]!);
});

test("the loss is the mean over weights, whatever a sequence's company and padding", async () => {
  const model = smallModel();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 3, max: 30 }), { minLength: 1, maxLength: 5 }), async (lengths) => {
      const own = sequences(lengths, "company");
      const weight = (sequence: (typeof own)[0]) => sequence.weights.slice(1).reduce((a, b) => a + b, 0);
      const alone = await Promise.all(
        own.map(async (one) => weight(one) * (await model.loss(languageModeling([one])))),
      );
      const expected = alone.reduce((a, b) => a + b, 0) / own.reduce((sum, one) => sum + weight(one), 0);
      expect(Math.abs((await model.loss(languageModeling(own))) - expected)).toBeLessThan(1e-6);
    }),
    { numRuns: 15, seed: 1 },
  );
});

test("terms are reported unweighted and enter the loss weighted", async () => {
  const model = smallModel();
  const [first, second] = [sequences([6, 8], "first"), sequences([5], "second")];
  const terms = [...languageModeling(first, 2).terms, ...languageModeling(second, 0.5).terms];
  const alone = [await model.loss(languageModeling(first)), await model.loss(languageModeling(second))];
  const report = await model.step({ terms }, plainUpdate);
  expect(largestDifference(report.terms, alone)).toBeLessThan(1e-6);
  expect(report.loss).toBeCloseTo(2 * alone[0]! + 0.5 * alone[1]!, 5);
  expect(report.tokens).toBe(19);
  expect(report.flops).toBeGreaterThan(0);
});

describe("a step that is not finite", () => {
  test.each([
    ["parameter", Number.NaN],
    ["parameter", Number.POSITIVE_INFINITY],
    ["gradient", Number.NaN],
    ["gradient", Number.NEGATIVE_INFINITY],
  ])("changes neither parameters nor moments and throws DIVERGED: %s %s", async (where, bad) => {
    const model = smallModel();
    await model.step(objective, plainUpdate);
    const gradient = await model.gradient(objective);
    if (where === "parameter") model.base.view("model.norm.weight")[3] = bad;
    else model.vectors.values(gradient)[17] = bad;
    const before = { ...model.optimizer.save(), values: model.trainable.values.slice() };
    const update = { ...plainUpdate, clip: 1 };
    const work = where === "parameter" ? model.step(objective, update) : model.apply(gradient, update);
    await expect(work).rejects.toMatchObject({ code: "DIVERGED" });
    expect({ ...model.optimizer.save(), values: model.trainable.values.slice() }).toEqual(before);
  });

  test("a gradient and a loss throw too", async () => {
    const model = smallModel();
    model.base.view("model.norm.weight").fill(Number.NaN);
    await expect(model.gradient(objective)).rejects.toMatchObject({ code: "DIVERGED" });
    await expect(fisher(model, batch, "empirical", 1, 1)).rejects.toMatchObject({ code: "DIVERGED" });
  });
});
