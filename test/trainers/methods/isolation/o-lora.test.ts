import { join } from "node:path";
import { expect, test } from "vitest";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { openAdapter } from "../../../../trainers/model/peft.js";
import { abc, byName, contextFor, expectSameBits, learnAll, openTiny, savedBy, tinyModel, withModel } from "../rig.js";

const trainer = byName(trainers, "o-lora");
const overlapNote = "Σ |A_earlier·Aᵀ|";
const saved = async (options: Record<string, unknown>, tasks = abc) => {
  const { learner, reports } = await learnAll(trainer, options, { tasks });
  const adapter = join(await savedBy(learner), "model");
  return { learner, reports, adapter, ...openAdapter(adapter) };
};

test("orthogonality falls in training, the more the greater λ", async () => {
  const overlap = async (lambda: number, steps: number) =>
    (await saved({ lambda, steps, warmupSteps: 0, rank: 2 }, abc.slice(0, 2))).reports[1]!.notes[overlapNote] as number;
  const [fresh, held, free] = [await overlap(0, 1), await overlap(0.5, 40), await overlap(0, 40)];
  expect(held).toBeLessThan(0.5 * fresh);
  expect(held).toBeLessThan(0.5 * free);
});

test("earlier pairs do not move: the saved adapter begins with the one of before, bit for bit", async () => {
  const options = { rank: 2, alpha: 6 };
  const [two, three] = [await saved(options, abc.slice(0, 2)), await saved(options)];
  expect(three.options).toMatchObject({ rank: 6, alpha: 18 });
  for (const [i, { name, shape, values }] of three.tensors.entries()) {
    const before = two.tensors[i]!;
    expect(name).toBe(before.name);
    if (name.endsWith("lora_A.weight")) {
      expect([shape, before.shape]).toEqual([
        [6, shape[1]],
        [4, shape[1]],
      ]);
      expect(values.subarray(0, before.values.length)).toEqual(before.values);
    } else {
      expect([shape, before.shape]).toEqual([
        [shape[0], 6],
        [shape[0], 4],
      ]);
      expect(values.filter((_, index) => index % 6 < 4)).toEqual(before.values);
    }
  }
});

test("as one adapter of rank r·T it answers as the stack that was trained", async () => {
  const { learner, adapter } = await saved({ rank: 2, steps: 8 });
  const questions = abc[0]!.validation.map(({ id, input }) => ({ id, input, continuation: "a" }));
  const expected = await learner.score(questions);
  const context = withModel(contextFor(byName(trainers, "frozen"), {}), `${tinyModel}::${adapter}`);
  const whole = await byName(trainers, "frozen").create(context);
  const base = await byName(trainers, "frozen").create(withModel(context, tinyModel));
  const [found, plain] = [await whole.score(questions), await base.score(questions)];
  for (const [i, score] of found.entries()) expect(score).toBeCloseTo(expected[i]!, 4);
  expect(Math.abs(plain[0]! - expected[0]!)).toBeGreaterThan(0.01);
});

test("added parameters grow with the tasks; those that are trained do not", async () => {
  const costs = await Promise.all(
    [1, 2, 3].map(async (count) => (await saved({}, abc.slice(0, count))).learner.cost()),
  );
  const [one] = costs;
  expect(costs.map(({ addedParameters }) => addedParameters! / one!.addedParameters!)).toEqual([1, 2, 3]);
  expect(costs.map(({ trainableParameters }) => trainableParameters)).toEqual(costs.map(() => one!.addedParameters));
  expect(costs[2]!.tensorBytes! - costs[1]!.tensorBytes!).toBe(4 * one!.addedParameters!);
});

test("a stack takes nothing in", async () => {
  const { adapter } = await saved({ rank: 2 });
  const model = await openTiny();
  await model.adapt({ rank: 2, alpha: 32, dropout: 0, targetModules: ["q_proj"] }, 1);
  await model.stack(1);
  await expect(model.load(adapter)).rejects.toMatchObject({ code: "MODEL_INVALID" });
});

test("it conflicts with methods that keep parameters over tasks", () => {
  const composed = byName(trainers, "composed");
  expect(() => composed.needs({ use: ["o-lora", "ewc"] })).toThrow("trains its own parameters");
});

test.each([{}, { rank: 2, dropout: 0.2, keepOptimizer: true }])("%j: saved and restored, the same bits", (options) =>
  expectSameBits(trainer, options),
);
