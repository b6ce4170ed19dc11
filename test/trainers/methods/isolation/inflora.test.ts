import { join } from "node:path";
import { expect, test } from "vitest";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { linearModules } from "../../../../trainers/methods/isolation/adapter-options.js";
import { InputSpace } from "../../../../trainers/methods/isolation/input-space.js";
import { openAdapter } from "../../../../trainers/model/peft.js";
import { parametersOf, setParameters } from "../../../../trainers/training/parameters.js";
import { loadVectors } from "../../../../trainers/training/state.js";
import { abc, byName, expectSameBits, learnAll, openTiny, savedBy } from "../rig.js";

const infLora = byName(trainers, "inflora");

/** Inner products of the rows of two matrices of this width. */
function products(a: Float32Array, b: Float32Array, width: number): number[] {
  const rows = (matrix: Float32Array) =>
    Array.from({ length: matrix.length / width }, (_, i) => matrix.subarray(i * width, (i + 1) * width));
  return rows(a).flatMap((one) => rows(b).map((other) => one.reduce((sum, value, i) => sum + value * other[i]!, 0)));
}

test("inflora ends with the same bits when it is saved and restored after every task", () =>
  expectSameBits(infLora, { rank: 2, items: 8, threshold: 0.9 }));

test("after training, down-projections are orthonormal as they were made, and outside the space of the tasks before", async () => {
  const options = { rank: 2, steps: 6, warmupSteps: 0, learningRate: 1e-2, threshold: 0.9 };
  const after = async (count: number) => {
    const { learner, reports } = await learnAll(infLora, options, { tasks: abc.slice(0, count) });
    return { directory: await savedBy(learner), reports };
  };
  const [one, two] = [await after(1), await after(2)];
  const spaces = loadVectors(join(one.directory, "strategies", "inflora"), "spaces");
  const { tensors } = openAdapter(join(two.directory, "model"));
  const downs = tensors.filter(({ name }) => name.endsWith("lora_A.weight"));
  expect(downs).toHaveLength(7);
  for (const { name, shape, values } of downs) {
    const width = shape[1]!;
    const basis = spaces[Object.keys(spaces).find((paths) => paths.split(" ").some((path) => name.includes(path)))!]!;
    const [first, second] = [values.subarray(0, 2 * width), values.subarray(2 * width)];
    expect(basis.length).toBeGreaterThan(0);
    for (const product of products(second, basis, width)) expect(Math.abs(product)).toBeLessThan(1e-6);
    for (const own of [first, second]) {
      for (const [i, product] of products(own, own, width).entries())
        expect(Math.abs(product - Number(i % 3 === 0))).toBeLessThan(1e-6);
    }
  }
  const [first, second] = two.reports.map(({ notes }) => notes["share of the inputs' dimensions that is kept"]);
  expect(second).toBeGreaterThan(first as number);
});

test("what lies in the kept space is answered as before, whatever an adapter outside it learns", async () => {
  const model = await openTiny();
  const past = { id: "past", tokens: [40, 50, 60, 70] };
  const fresh = { tokens: [41, 52, 63, 74, 85, 96], weights: [0, 0, 0, 1, 1, 1] };
  const read = async (tokens: number[]) =>
    (await model.inputMoments([{ id: "", tokens }], linearModules)).flatMap(({ modules, moments }) =>
      modules.map((module): [string, Float32Array] => [module, moments]),
    );
  const kept = Object.fromEntries(await read(past.tokens));
  const moments = Object.fromEntries(await read(fresh.tokens));
  await model.adapt({ rank: 2, alpha: 8, dropout: 0, targetModules: linearModules }, 1);
  const { layout, length } = await model.trainable();
  const values = await parametersOf(model);
  const mask = new Float32Array(length).fill(1);
  for (const { name, shape, offset, length: own } of layout.filter((tensor) => tensor.name.includes("lora_A"))) {
    const module = name.replace(".lora_A.weight", "");
    const space = new InputSpace(shape[1]!);
    space.extend(kept[module]!, 1, "squares");
    expect(space.dimension).toBeGreaterThan(0);
    expect(space.dimension).toBeLessThanOrEqual(past.tokens.length);
    values.set(space.directions(moments[module]!, shape[0]!), offset);
    mask.fill(0, offset, offset + own);
  }
  await setParameters(model, values);
  const constraint = { kind: "mask" as const, mask: await model.write(mask) };
  const [past0] = await model.score([{ ...past, tokens: past.tokens.slice(0, 2), continuation: past.tokens.slice(2) }]);
  const terms = [{ kind: "language-modeling" as const, batch: [fresh], weight: 1 }];
  const before = await model.loss({ terms });
  const update = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: null, constraint };
  for (let step = 0; step < 10; step++) await model.step({ terms }, update);
  expect(await model.loss({ terms })).toBeLessThan(before - 0.1);
  const [past1] = await model.score([{ ...past, tokens: past.tokens.slice(0, 2), continuation: past.tokens.slice(2) }]);
  expect(Math.abs(past1! - past0!)).toBeLessThan(1e-3);
});
