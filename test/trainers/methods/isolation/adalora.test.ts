import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { Importance, rankBudget, tripletsOf } from "../../../../trainers/methods/isolation/rank-budget.js";
import { openAdapter } from "../../../../trainers/model/peft.js";
import { readHeader } from "../../../../trainers/model/safetensors.js";
import { abc, byName, contextFor, expectSameBits, learnAll, openTiny, savedBy, tinyModel, withModel } from "../rig.js";

const trainer = byName(trainers, "adalora");
const matrices = 7;
const questions = abc[0]!.validation.map(({ id, input }) => ({ id, input, continuation: "a" }));

async function learned(options: Record<string, unknown>, tasks = abc.slice(0, 1)) {
  const sequence = await learnAll(trainer, options, { tasks });
  const directory = await savedBy(sequence.learner);
  const folder = join(directory, "model");
  const config = JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8"));
  return { ...sequence, directory, folder, config, ...openAdapter(folder) };
}

/** Singular values that are not zero. */
const strengths = (tensors: readonly { name: string; values: Float32Array }[]) =>
  tensors.flatMap(({ name, values }) =>
    name.endsWith("lora_E.weight") ? [values.filter((value) => value !== 0)] : [],
  );

test("the budget is met exactly at the end of every task, and moves ranks between matrices", async () => {
  for (const tasks of [abc.slice(0, 1), abc]) {
    const { reports, tensors, config } = await learned(
      { rank: 6, targetRank: 3, steps: 20, learningRate: 1e-2 },
      tasks,
    );
    expect(reports.map(({ notes }) => notes["triplets kept"])).toEqual(tasks.map(() => 3 * matrices));
    const ranks = strengths(tensors).map(({ length }) => length);
    expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBe(3 * matrices);
    expect(new Set(ranks).size).toBeGreaterThan(1);
    expect(Object.keys(config.rank_pattern)).toHaveLength(matrices);
  }
  const short = await learned({ rank: 6, targetRank: 3, steps: 1 });
  expect(short.reports[0]!.notes["triplets kept"]).toBe(3 * matrices);
});

test("the file contains only the kept triplets, and answers like the trained model", async () => {
  const { learner, directory, folder, config } = await learned({
    rank: 5,
    targetRank: 2,
    steps: 20,
    learningRate: 1e-2,
  });
  const header = readHeader(join(folder, "adapter_model.safetensors"));
  for (const [name, kept] of Object.entries<boolean[]>(config.rank_pattern)) {
    const count = kept.filter(Boolean).length;
    const shapes = ["E", "A", "B"].map(
      (part) => header.get(`base_model.model.${name.replace("lora_E", `lora_${part}`)}`)!,
    );
    expect(shapes.map(({ shape }, i) => shape[i === 2 ? 1 : 0])).toEqual([count, count, count]);
  }
  expect(config).toMatchObject({ peft_type: "ADALORA", init_r: 5, target_r: 2 });
  const frozen = byName(trainers, "frozen");
  const scores = async (model: string) =>
    (await frozen.create(withModel(contextFor(frozen, {}), model))).score(questions);
  const expected = await learner.score(questions);
  for (const [i, score] of (await scores(`${tinyModel}::${folder}`)).entries())
    expect(score).toBeCloseTo(expected[i]!, 4);
  expect(Math.abs((await scores(tinyModel))[0]! - expected[0]!)).toBeGreaterThan(0.01);
  const again = await trainer.create(contextFor(trainer, { rank: 5, targetRank: 2 }));
  await again.restore(directory);
  expect(await again.answerDigest!()).toBe(await learner.answerDigest!());
});

test("the budget: all until it falls, then a cubic down to the target, which the last steps keep", () => {
  const budgets = { all: 100, target: 20 };
  const schedule = { warm: 10, final: 30, steps: 80 };
  const course = Array.from({ length: 80 }, (_, step) => rankBudget(budgets, schedule, step));
  expect(course.slice(0, 11)).toEqual(course.slice(0, 11).map(() => 100));
  expect(course[30]).toBe(Math.round(20 + 80 * 0.5 ** 3));
  expect(course.slice(50)).toEqual(course.slice(50).map(() => 20));
  for (const [step, budget] of course.slice(1).entries()) expect(budget).toBeLessThanOrEqual(course[step]!);
});

test("importance: smoothed sensitivity times smoothed uncertainty, over a triplet as the paper adds it up", () => {
  const importance = new Importance(4, 0.8, 0.6);
  let [mean, distance] = [0, 0];
  for (const [weight, slope] of [
    [2, -3],
    [1, 5],
    [-1, 0.5],
  ] as const) {
    importance.observe(Float32Array.of(weight, weight, 2 * weight, 0), Float32Array.of(slope, slope, slope, 9));
    const own = Math.abs(weight * slope);
    mean = 0.8 * mean + 0.2 * own;
    distance = 0.6 * distance + 0.4 * Math.abs(own - mean);
  }
  const one = mean * distance;
  expect(importance.of({ strength: 0, row: [1, 3], column: [2] })).toBeCloseTo(one + one / 2 + 4 * one, 10);
});

test("triplets: each row of Q, element of Λ and column of P of the adapter is in exactly one", async () => {
  const model = await openTiny();
  const options = { rank: 3, targetRank: 2, alpha: 4, dropout: 0, targetModules: ["k_proj", "down_proj"] };
  await model.adapt({ kind: "adalora", ...options }, 1);
  const { layout, length } = await model.trainable();
  const triplets = tripletsOf(layout);
  expect(triplets).toHaveLength(6);
  const indices = triplets.flatMap(({ strength, row, column }) => [strength, ...row, ...column]);
  expect([...indices].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
  const up = layout.find(({ name }) => name.endsWith("k_proj.lora_B.weight"))!;
  expect(triplets[1]!.column.map((index) => (index - up.offset) % 3)).toEqual(triplets[1]!.column.map(() => 1));
});

test("directions come and stay near orthonormal: rows of Q and columns of P of what is kept", async () => {
  const distance = async (orthogonality: number) => {
    const { tensors } = await learned({ rank: 4, targetRank: 4, steps: 60, orthogonality, learningRate: 1e-2 });
    return tensors
      .filter(({ name }) => name.endsWith("lora_A.weight"))
      .reduce((sum, { shape, values }) => sum + rowsFromOrthonormal(values, shape[0]!, shape[1]!), 0);
  };
  const [held, free] = [await distance(0.5), await distance(0)];
  expect(held).toBeLessThan(free / 10);
});

test("contradictions have reasons", () => {
  const composed = byName(trainers, "composed");
  expect(() => composed.needs({ use: ["adalora", "ema"] })).toThrow("brings back triplets that were pruned");
  const above = contextFor(trainer, { rank: 2, targetRank: 3 }).options;
  expect(() => trainer.needs(above)).toThrow("above the initial rank");
});

test.each<[string, Record<string, unknown>]>([
  ["adalora", {}],
  ["adalora", { rank: 4, targetRank: 1, keepOptimizer: true, dropout: 0.1, steps: 8 }],
  ["composed", { use: ["adalora", "replay"] }],
])("%s %j: saved and restored after every task, the same bits", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

function rowsFromOrthonormal(values: Float32Array, rank: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < rank; j++) {
      let product = i === j ? -1 : 0;
      for (let k = 0; k < width; k++) product += values[i * width + k]! * values[j * width + k]!;
      sum += product ** 2;
    }
  }
  return sum;
}
