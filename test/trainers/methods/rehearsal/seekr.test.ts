import { expect, test } from "vitest";
import type { BufferItem } from "../../../../harness/contract/trainer.js";
import type { Attention } from "../../../../trainers/engine/contract.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { attentionChange, chooseHeads, ofHeads } from "../../../../trainers/methods/rehearsal/head-importance.js";
import { SequenceEncoder } from "../../../../trainers/training/sequences.js";
import { packAttention, unpackAttention } from "../../../../trainers/training/stored-attention.js";
import { abc, byName, learnAll, openTiny, savedBy } from "../rig.js";

const seekr = byName(trainers, "seekr");
const two = abc.slice(0, 2);
const options = { steps: 8, warmupSteps: 0, learningRate: 3e-3, heads: 0.5, queries: 6, share: 0.25 };

/** The attention that is stored with an item. */
const storedOf = (payload: string | undefined): Attention => unpackAttention(payload!.slice(payload!.indexOf(" ") + 1));
const storedOfTask = (items: readonly BufferItem[], task: string): Attention[] =>
  items.filter(({ taskId }) => taskId === task).map(({ payload }) => storedOf(payload));

test("each item keeps the attention of the heads that its task ended with, of few queries, with the logits", async () => {
  const { buffer, reports } = await learnAll(seekr, options, { tasks: two });
  const items = buffer.items();
  expect(items).toHaveLength(16);
  for (const [index, { task }] of two.entries()) {
    const stored = storedOfTask(items, task.id);
    expect(stored).toHaveLength(8);
    const { heads } = stored[0]!;
    expect(heads).toHaveLength(2);
    expect(reports[index]!.notes["heads distilled"]).toBe(heads.map(({ layer, head }) => `${layer}.${head}`).join(" "));
    for (const own of stored) {
      expect(own.heads).toEqual(heads);
      expect(own.queries).toHaveLength(6);
      expect(own.values).toHaveLength(2 * 6 * own.keys);
      expect(unpackAttention(packAttention(own))).toEqual(own);
    }
    expect(new Set(stored.map(({ queries }) => queries.join())).size).toBeGreaterThan(1);
  }
});

test("past items have steps of their own, or share them where asked to", async () => {
  const drawnOf = async (own: object) => {
    const { reports } = await learnAll(seekr, { ...options, ...own, batchSize: 4, newRatio: 0.6 }, { tasks: two });
    return reports[1]!.drawn!.map(({ source, items }) => [source, items]);
  };
  expect(await drawnOf({})).toEqual([
    ["new", 20],
    ["past", 12],
  ]); // of 8 steps 3 are the past's: 0.4 × 8
  expect(await drawnOf({ pastSteps: "mixed" })).toEqual([
    ["new", 19],
    ["past", 13],
  ]);
});

test("the past's attention moves less where it is distilled", async () => {
  const moved = async (lambda: number) => {
    const { learner, buffer } = await learnAll(seekr, { ...options, lambda }, { tasks: two });
    const model = await openTiny(await savedBy(learner));
    const encoder = new SequenceEncoder(model.tokenizer, model.contextLength);
    let sum = 0;
    for (const { example, payload } of buffer.items().filter(({ taskId }) => taskId === "a")) {
      const stored = storedOf(payload);
      const { tokens } = encoder.sequence({ example, task: two[0]!.task });
      const [now] = await model.attention([{ id: "", tokens: tokens.slice(0, stored.keys), queries: stored.queries }]);
      sum += attentionChange(stored, ofHeads(now!, stored.heads)).reduce((all, value) => all + value, 0);
    }
    return sum;
  };
  expect(await moved(1000)).toBeLessThan(0.5 * (await moved(0)));
});

test("heads: of the layers with the largest sums those with the largest importance, the first of equal ones", () => {
  const importance = [
    [5, 0, 0],
    [2, 2, 2],
    [0, 9, 1],
  ];
  expect(chooseHeads(importance, 0.67, 0.33)).toEqual([
    { layer: 1, head: 0 },
    { layer: 1, head: 1 },
    { layer: 2, head: 1 },
  ]);
  expect(chooseHeads(importance, 0.01, 0.01)).toEqual([{ layer: 2, head: 1 }]);
  expect(chooseHeads(importance, 1, 1)).toHaveLength(9);
});
