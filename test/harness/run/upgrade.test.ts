import { expect, test } from "vitest";
import { upgrade } from "../../../harness/run/store/upgrade.js";

const usage = { seconds: 1, cpuSeconds: null, trainedTokens: 2, generatedTokens: 0, flops: 3 };

test.each([
  [
    { schema: "row@1", row: 1, learnEffort: usage, observed: { observations: [], effort: usage } },
    { schema: "row@2", row: 1, learningUsage: usage, observed: { observations: [], usage } },
  ],
  [
    { schema: "row@1", row: 0, learnEffort: usage },
    { schema: "row@2", row: 0, learningUsage: usage },
  ],
  [
    { schema: "evaluation@1", sets: [], effort: usage },
    { schema: "evaluation@2", sets: [], usage },
  ],
  [
    { schema: "curves@1", every: 8, stretches: [{ row: 1 }] },
    { schema: "curves@2", every: 8, segments: [{ row: 1 }] },
  ],
  [
    {
      schema: "run@1",
      trainers: [
        { name: "frozen", schedule: "once" },
        { name: "ewc", schedule: "sequence" },
      ],
    },
    {
      schema: "run@1",
      trainers: [
        { name: "frozen", schedule: "once", deterministic: true },
        { name: "ewc", schedule: "sequence" },
      ],
    },
  ],
  [
    { schema: "run@1", id: "x", source: { cell: "c", learnt: ["a"] } },
    { schema: "run@1", id: "x", source: { cell: "c", learned: ["a"] } },
  ],
])("a record of an earlier version gets the keys of today: %j", (stored, today) => {
  expect(upgrade(stored)).toEqual(today);
  expect(upgrade(today)).toEqual(today);
});

test("a published run is upgraded with what it holds", () => {
  const curves = { a: { schema: "curves@1", stretches: [] } };
  const run = { schema: "run@1", source: { learnt: ["a"] } };
  expect(upgrade({ schema: "published-run@1", run, curves })).toEqual({
    schema: "published-run@1",
    run: { schema: "run@1", source: { learned: ["a"] } },
    curves: { a: { schema: "curves@2", segments: [] } },
  });
});

test("what is no record of an earlier version stays as it is", () => {
  for (const value of [
    null,
    3,
    "row@1",
    [1],
    { schema: "constructor" },
    { schema: 7 },
    { schema: "matrix@1", n: [] },
  ]) {
    expect(upgrade(value)).toBe(value);
  }
});
