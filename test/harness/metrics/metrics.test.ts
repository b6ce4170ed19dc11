import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { builtInMetrics, computeMetrics, metricsOfMatrices, orderSensitivity } from "../../../harness/metrics/index.js";
import { matrixOf } from "./matrix.js";

interface Published {
  matrices: Record<string, { tasks: string[]; fromOwnRound: number[][]; published: { OP: number; BWT: number } }>;
}

const published = JSON.parse(readFileSync(join(import.meta.dirname, "trace-published.json"), "utf8")) as Published;

describe.each(Object.entries(published.matrices))("TRACE's published %s", (_, { tasks, fromOwnRound, published }) => {
  const rows = Array.from({ length: tasks.length + 1 }, (_, row) =>
    tasks.map((_, task) => fromOwnRound[task]![row - 1 - task] ?? null),
  );
  const values = computeMetrics(matrixOf(rows, { tasks }));

  test("gives the published OP and BWT", () => {
    expect(Math.abs(values.op!.value! - published.OP)).toBeLessThanOrEqual(0.0005001);
    // the table prints BWT in whole tenths of a percent; recomputing Table 13 from its rounded cells gives -0.458
    expect(Math.abs(values.bwt!.value! - published.BWT)).toBeLessThanOrEqual(0.0010001);
    expect(Math.abs(values.bwtOverT!.value! - published.BWT)).toBeGreaterThan(0.003);
  });

  test("cannot give forward transfer, since TRACE measures no task before its turn", () => {
    expect(values.fwt).toEqual({
      value: null,
      reason: `the score of "FOMC" after training "C-STANCE" (row 1) was not measured`,
    });
  });
});

/** One 4-task matrix on which the libraries of the field disagree. */
const disputed = [
  [0.1, 0.1, 0.1, 0.1],
  [0.8, 0.2, 0.1, 0.25],
  [0.7, 0.6, 0.15, 0.3],
  [0.85, 0.5, 0.9, 0.2],
  [0.75, 0.65, 0.8, 0.5],
];

test("each variant of a metric has its own id, and its own value on one matrix", () => {
  const values = computeMetrics(matrixOf(disputed));
  const value = (key: string) => values[key]!.value;
  expect(value("op")).toBeCloseTo(0.675, 12);
  expect(value("bwt")).toBeCloseTo(-0.1 / 3, 12); // GEM, Mammoth
  expect(value("bwtOverT")).toBeCloseTo(-0.1 / 4, 12); // GEM's code, SAPT
  expect(value("bwtDiazRodriguez")).toBeCloseTo(-0.25 / 6, 12);
  expect(value("forgetting")).toBeCloseTo(0.15 / 3, 12); // Chaudhry
  expect(value("forgettingIncludingLast")).toBeCloseTo(0.2 / 3, 12); // Mammoth, PyCIL
  expect(value("forgettingFirstLast")).toBeCloseTo(0.1 / 3, 12); // Avalanche
  expect(value("fwt")).toBeCloseTo((0.1 + 0.05 + 0.1) / 3, 12);
  expect(value("fwtOverT")).toBeCloseTo((0.1 + 0.05 + 0.1) / 4, 12); // GEM's code
  expect(value("fwtRaw")).toBeCloseTo((0.2 + 0.15 + 0.2) / 3, 12);
  expect(value("learningAccuracy")).toBeCloseTo(2.8 / 4, 12);
  expect(value("averageIncrementalAccuracy")).toBeCloseTo((0.8 + 0.65 + 0.75 + 0.675) / 4, 12);
  expect(value("averageAnytimeAccuracy")).toBe(value("averageIncrementalAccuracy"));
  expect(value("minAcc")).toBeCloseTo((0.7 + 0.5 + 0.8) / 3, 12);
  expect(value("wcAcc")).toBeCloseTo(0.5 / 4 + 0.75 * (2 / 3), 12);
  expect(value("retention")).toBeCloseTo((0.75 / 0.8 + 0.65 / 0.6 + 0.8 / 0.9) / 3, 12);
  expect(new Set(builtInMetrics.map(({ id }) => id)).size).toBe(builtInMetrics.length);
  expect(new Set(builtInMetrics.map(({ key }) => key)).size).toBe(builtInMetrics.length);
  expect(builtInMetrics.every(({ id }) => /^[a-z-]+\.[a-z-]+@\d+$/.test(id))).toBe(true);
});

test("continuum 1.2.7 skips the row right after a task: 0.0083 and 0 on the same matrix, which no id of ours gives", () => {
  const values = Object.entries(computeMetrics(matrixOf(disputed)));
  const near = (target: number) =>
    values.filter(([key, { value }]) => /bwt|forgetting/i.test(key) && Math.abs(value! - target) < 1e-9);
  expect(near(0.05 / 6)).toEqual([]);
  expect(near(0)).toEqual([]);
});

test("joint training has rows 0 and T only: no backward transfer, with the reason, and the bar for intransigence", () => {
  const nothing = [null, null, null, null];
  const joint = matrixOf([disputed[0]!, nothing, nothing, nothing, [0.9, 0.8, 0.9, 0.7]]);
  const values = computeMetrics(joint);
  expect(values.op!.value).toBeCloseTo(0.825, 12);
  expect(values.bwt).toEqual({
    value: null,
    reason: "only rows 0 and T exist (all tasks were learned at once), and no row after each task",
  });
  const beside = computeMetrics(matrixOf(disputed), joint);
  expect(beside.intransigenceAllTasks!.value).toBeCloseTo(0.825 - 0.7, 12);
  expect(beside.intransigence).toEqual({
    value: null,
    reason: "joint training on the first task was not measured",
  });
  expect(computeMetrics(matrixOf(disputed)).intransigence!.reason).toContain("joint");
});

test("intransigence as Chaudhry et al. define it: against joint training on the tasks up to each", () => {
  const rows = [disputed[0]!, [0.9, 0, 0, 0], [0.7, 0.75, 0, 0], [0.6, 0.6, 0.95, 0], [0.5, 0.5, 0.5, 0.6]];
  const values = computeMetrics(matrixOf(disputed), matrixOf(rows));
  const own = [0.8, 0.6, 0.9, 0.5];
  expect(values.intransigence!.value).toBeCloseTo((0.9 + 0.75 + 0.95 + 0.6 - own.reduce((a, b) => a + b)) / 4, 12);
  expect(values.intransigenceAllTasks!.value).toBeCloseTo((0.5 * 3 + 0.6 - own.reduce((a, b) => a + b)) / 4, 12);
  const other = matrixOf(rows, { tasks: ["task 2", "task 1", "task 3", "task 4"] });
  expect(computeMetrics(matrixOf(disputed), other).intransigence!.reason).toContain("first task was not measured");
});

test("joint training in another order of columns is matched by name", () => {
  const [before, , , , after] = disputed;
  const joint = matrixOf([before!.toReversed(), [0.7, 0.9, 0.8, 0.9]], {
    tasks: ["task 4", "task 3", "task 2", "task 1"],
  });
  expect(after).toBeDefined();
  expect(computeMetrics(matrixOf(disputed), joint).intransigenceAllTasks!.value).toBeCloseTo(0.125, 12);
});

test("a learner that does not change repeats its row: nothing forgotten, nothing transferred", () => {
  const row = [0.4, 0.2, 0.3];
  const values = computeMetrics(matrixOf([row, row, row, row]));
  expect(values.bwt!.value).toBe(0);
  expect(values.forgetting!.value).toBe(0);
  expect(values.fwt!.value).toBe(0);
  expect(values.retention!.value).toBe(1);
});

test("one task has no backward transfer; a task learned to 0 has no retention", () => {
  expect(computeMetrics(matrixOf([[0.1], [0.9]])).bwt).toEqual({ value: null, reason: "it needs at least 2 tasks" });
  const values = computeMetrics(
    matrixOf([
      [0, 0],
      [0, 0],
      [0.5, 0.5],
    ]),
  );
  expect(values.retention).toEqual({ value: null, reason: '"task 1" scored 0 right after its own training' });
});

test("abilities, generalization and format", () => {
  const matrix = matrixOf(
    [
      [0.1, 0.1],
      [0.8, 0.2],
      [0.6, 0.7],
    ],
    {
      extracted: [
        [0, 0],
        [0, 0],
        [0.7, 0.8],
      ],
      valid: [
        [0, 0],
        [0, 0],
        [0.9, 0.5],
      ],
      shifted: [
        [0, 0],
        [null, null],
        [0.5, 0.4],
      ],
      probes: {
        facts: [0.8, 0.7, 0.6],
        sums: [0.4, 0.4, 0.2],
        obey: [0.5, 0.5, 0.6],
        refuse: [1, 1, 0],
        other: [0, 0.1, 0.3],
      },
      probeKinds: { facts: "general", sums: "general", obey: "instruction", refuse: "safety", other: "unseen" },
    },
  );
  const values = computeMetrics(matrix);
  expect(values.generalAbilityDelta!.value).toBeCloseTo(-0.2, 12);
  expect(values.instructionFollowingDelta!.value).toBeCloseTo(0.1, 12);
  expect(values.safetyDelta!.value).toBeCloseTo(-1, 12);
  expect(values.generalizationUnseen!.value).toBeCloseTo(0.3, 12);
  expect(values.generalizationShiftGap!.value).toBeCloseTo((0.1 + 0.3) / 2, 12);
  expect(values.opExtracted!.value).toBeCloseTo(0.75, 12);
  expect(values.formatValidity!.value).toBeCloseTo(0.7, 12);
  const bare = computeMetrics(matrixOf(matrix.rows));
  expect(bare.generalAbilityDelta).toEqual({ value: null, reason: 'there is no probe of the kind "general"' });
  expect(bare.generalizationShiftGap!.reason).toContain("shifted");
});

test("order sensitivity: the spread of each task's final score over the orders", () => {
  const run = (order: string, seed: number, tasks: string[], last: number[]) =>
    matrixOf([[0, 0], [0, 0], last], { order, seed, tasks });
  const runs = [
    run("o1", 1, ["a", "b"], [0.5, 0.9]),
    run("o1", 2, ["a", "b"], [0.7, 0.9]),
    run("o2", 1, ["b", "a"], [0.4, 0.8]),
  ];
  const result = orderSensitivity(runs)!;
  expect(result.tasks.a).toBeCloseTo(0.2, 12);
  expect(result.tasks.b).toBeCloseTo(0.5, 12);
  expect(result.maximum).toBeCloseTo(0.5, 12);
  expect(result.average).toBeCloseTo(0.35, 12);
  expect(orderSensitivity(runs.slice(0, 2))).toBeUndefined();
});

const score = fc.double({ min: 0, max: 1, noNaN: true });
const fullMatrix = fc
  .integer({ min: 2, max: 6 })
  .chain((tasks) =>
    fc.array(fc.array(score, { minLength: tasks, maxLength: tasks }), { minLength: tasks + 1, maxLength: tasks + 1 }),
  );

describe("on any matrix", () => {
  test("every metric keeps its bounds and leaves its argument as it was", () => {
    fc.assert(
      fc.property(fullMatrix, (rows) => {
        const matrix = matrixOf(rows);
        const before = structuredClone(matrix);
        const values = computeMetrics(matrix);
        expect(matrix).toEqual(before);
        for (const key of ["op", "learningAccuracy", "averageIncrementalAccuracy", "minAcc", "wcAcc", "fwtRaw"]) {
          expect(values[key]!.value).toBeGreaterThanOrEqual(0);
          expect(values[key]!.value).toBeLessThanOrEqual(1 + 1e-12);
        }
        for (const key of ["bwt", "bwtOverT", "bwtDiazRodriguez", "fwt", "forgetting"]) {
          expect(Math.abs(values[key]!.value!)).toBeLessThanOrEqual(1 + 1e-12);
        }
        expect(values.forgettingIncludingLast!.value).toBeGreaterThanOrEqual(0);
        expect(values.forgetting!.value).toBeGreaterThanOrEqual(-values.bwt!.value! - 1e-12);
        expect(values.forgettingFirstLast!.value).toBeCloseTo(-values.bwt!.value!, 12);
        expect(values.minAcc!.value).toBeLessThanOrEqual(
          (values.op!.value! * (rows.length - 1)) / (rows.length - 2) + 1e-12,
        );
      }),
    );
  });

  test("overall performance does not depend on the order of the columns", () => {
    fc.assert(
      fc.property(fullMatrix, (rows) => {
        const reversed = rows.map((row) => row.toReversed());
        const op = (table: number[][]) => computeMetrics(matrixOf(table)).op!.value!;
        expect(op(reversed)).toBeCloseTo(op(rows), 12);
      }),
    );
  });

  test("a missing cell makes null exactly the metrics that read it, never another value", () => {
    fc.assert(
      fc.property(fullMatrix, fc.nat(), fc.nat(), (rows, i, j) => {
        const full = computeMetrics(matrixOf(rows));
        const holed: MatrixRecord["rows"] = rows.map((row) => [...row]);
        holed[i % rows.length]![j % rows[0]!.length] = null;
        const values = computeMetrics(matrixOf(holed));
        for (const { key } of metricsOfMatrices(builtInMetrics)) {
          if (values[key]!.value === null) expect(values[key]!.reason).toBeTruthy();
          else expect(values[key]).toEqual(full[key]);
        }
        if (i % rows.length === rows.length - 1) expect(values.op!.value).toBeNull();
        else expect(values.op!.value).not.toBeNull();
      }),
    );
  });
});
