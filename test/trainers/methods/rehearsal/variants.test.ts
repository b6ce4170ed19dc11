import { describe, expect, test } from "vitest";
import { inputText } from "../../../../harness/contract/suite.js";
import type { BufferItem } from "../../../../harness/contract/trainer.js";
import { concatenateLogits } from "../../../../trainers/engine/parts.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { reservoirSlot } from "../../../../trainers/training/selection/reservoir.js";
import { SequenceEncoder } from "../../../../trainers/training/sequences.js";
import { unpackLogits } from "../../../../trainers/training/stored-logits.js";
import { abc, byName, expectSameBits, learnAll, openTiny, savedBy } from "../rig.js";

const short = { steps: 6, learningRate: 3e-3 };

test.each([
  ["replay", { select: "reservoir", bufferSize: 20 }],
  ["replay", { select: "balanced", sampling: "loss" }],
  ["replay", { select: "k-means", sampling: "novelty" }],
  ["replay", { sampling: "gradient-norm", newRatio: { from: 0.8, to: 0.4 } }],
  ["replay", { sampling: "representative" }],
  ["der++", { bufferSize: 12 }],
  ["seekr", { heads: 0.5, queries: 4 }],
  ["lamol", { gamma: 0.2 }],
])("%s %j ends with the same bits when it is saved and restored after every task", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

const answers = (items: readonly BufferItem[]) =>
  ["a", "b"].map((answer) => items.filter(({ example }) => example.references[0] === answer).length);

describe("what replay keeps", () => {
  const kept = async (options: Record<string, unknown>) =>
    (await learnAll(byName(trainers, "replay"), { ...short, ...options })).buffer.items();

  test("a reservoir contains every item of the stream with equal probability", () => {
    const counts = Array(40).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      const held: number[] = [];
      for (let item = 0; item < 40; item++) {
        const index = reservoirSlot(item, 10, seed);
        if (index !== undefined) held[index] = item;
      }
      expect(held.length).toBe(10);
      for (const item of held) counts[item]++;
    }
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(40);
  });

  test("a reservoir of all tasks contains items of each, and continues from its saved state", async () => {
    const items = await kept({ select: "reservoir", bufferSize: 24 });
    expect(items).toHaveLength(24);
    expect(new Set(items.map(({ taskId }) => taskId))).toEqual(new Set(["a", "b", "c"]));
  });

  test("balanced: the answers of each task alike", async () => {
    const items = await kept({ select: "balanced", share: 0.25 });
    for (const task of ["a", "b", "c"]) {
      expect(answers(items.filter(({ taskId }) => taskId === task))).toEqual([4, 4]);
    }
  });

  test("k-means: other items than by chance, as many", async () => {
    const [random, nearest] = [await kept({ share: 0.25 }), await kept({ select: "k-means", share: 0.25 })];
    expect(nearest).toHaveLength(random.length);
    expect(nearest.map(({ example }) => example.id).sort()).not.toEqual(random.map(({ example }) => example.id).sort());
  });
});

describe("what replay draws", () => {
  const drawn = async (options: Record<string, unknown>) =>
    (await learnAll(byName(trainers, "replay"), { ...short, steps: 40, share: 0.5, newRatio: 0.5, ...options }))
      .reports[2]!.drawn!;
  const past = (report: Awaited<ReturnType<typeof drawn>>) => report.filter(({ source }) => source === "past");

  test("the report counts items and different ones, by source and task", async () => {
    const report = await drawn({});
    expect(report.reduce((sum, { items }) => sum + items, 0)).toBe(160);
    expect(report.find(({ source }) => source === "new")).toEqual({
      source: "new",
      task: "c",
      items: 80,
      distinct: 32,
    });
    expect(past(report).map(({ task, items, distinct }) => [task, items, distinct])).toEqual([
      ["b", 40, 16],
      ["a", 40, 16],
    ]);
  });

  test("importance draws fewer different items than epochs do; representative ones come in turn", async () => {
    const distinct = (report: Awaited<ReturnType<typeof drawn>>) =>
      past(report).reduce((sum, own) => sum + own.distinct, 0);
    const uniform = distinct(await drawn({ steps: 16 }));
    expect(uniform).toBe(32);
    expect(distinct(await drawn({ steps: 16, sampling: "loss" }))).toBeLessThan(uniform);
    expect(distinct(await drawn({ steps: 16, sampling: "representative" }))).toBe(uniform);
  });

  test("a ratio that runs from 0.9 to 0.1 draws as many new items as 0.5, most of them early", async () => {
    const report = await drawn({ newRatio: { from: 0.9, to: 0.1 } });
    expect(report.find(({ source }) => source === "new")!.items).toBe(80);
  });
});

describe("der++", () => {
  test("the reservoir keeps for each item the logits of its answer's tokens, in its bytes", async () => {
    const { buffer, reports } = await learnAll(byName(trainers, "der++"), { ...short, bufferSize: 12 });
    expect(buffer.items()).toHaveLength(12);
    for (const { example, payload } of buffer.items()) {
      const { rows, classes, values } = unpackLogits(payload!);
      expect(rows).toBeGreaterThanOrEqual(2);
      expect(values).toHaveLength(rows * classes);
      expect(inputText(example.input)).toMatch(/^[abc]:/);
    }
    expect(buffer.bytes).toBeGreaterThan(12 * 2 * 100 * 4);
    const total = reports[2]!.drawn!.reduce((sum, { items }) => sum + items, 0);
    expect(total).toBe(6 * 4);
  });

  test("a step may draw nothing new", async () => {
    const { reports } = await learnAll(byName(trainers, "der++"), { ...short, bufferSize: 12, batchSize: 2 });
    expect(reports[1]!.drawn!.reduce((sum, { items }) => sum + items, 0)).toBe(12);
    expect(reports[1]!.finalLoss).toBeGreaterThan(0);
  });

  test("matching stored logits keeps them nearer than labels alone do", async () => {
    const away = async (alpha: number) => {
      const { learner, buffer } = await learnAll(
        byName(trainers, "der++"),
        { steps: 40, learningRate: 3e-3, bufferSize: 24, alpha, beta: 0 },
        { tasks: abc.slice(0, 2) },
      );
      const model = await openTiny(await savedBy(learner));
      const encoder = new SequenceEncoder(model.tokenizer, model.contextLength);
      const old = buffer.items().filter(({ taskId }) => taskId === "a");
      const now = await model.logits(old.map(({ example }) => encoder.sequence({ example, task: abc[0]!.task })));
      const stored = concatenateLogits(old.map(({ payload }) => unpackLogits(payload!)));
      return now.values.reduce((sum, value, i) => sum + (value - stored.values[i]!) ** 2, 0) / now.values.length;
    };
    expect(await away(5)).toBeLessThan(0.5 * (await away(0)));
  });
});

describe("lamol", () => {
  test("it learns to write blocks that parse, and rehearses those alone: no real item is kept", async () => {
    const { buffer, reports } = await learnAll(
      byName(trainers, "lamol"),
      { steps: 120, learningRate: 1e-2, lambda: 1, gamma: 0.5, temperature: 0.5 },
      { tasks: abc.slice(0, 2) },
    );
    const [set] = reports[1]!.synthetic!;
    expect(set).toMatchObject({ taskId: "a", drawn: 16 });
    expect(set!.kept).toBeGreaterThan(0);
    expect(set!.kept + Object.values(set!.dropped).reduce((sum, count) => sum + count, 0)).toBe(set!.drawn);
    expect(buffer.items()).toHaveLength(set!.kept);
    expect(reports[0]!.synthetic).toBeUndefined();
    expect(byName(trainers, "lamol").needs({}).pastData).toBe("synthetic");
  });
});
