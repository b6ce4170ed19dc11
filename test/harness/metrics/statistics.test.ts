import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { itemStandardError, builtInMetrics as metrics } from "../../../harness/metrics/index.js";
import { rankIntervals } from "../../../harness/metrics/ranks.js";
import { orderMeans, pairedDifferences, runsPerOrder } from "../../../harness/metrics/statistics/clusters.js";
import { itemSpread } from "../../../harness/metrics/statistics/least-spread.js";
import { holm, pairedPValue, standardDeviation, tInterval } from "../../../harness/metrics/statistics/statistics.js";
import { matrixOf } from "./matrix.js";

describe("intervals", () => {
  test("Student's interval, against scipy 1.17", () => {
    const { mean, low, high, n } = tInterval([0.61, 0.55, 0.58, 0.66], null);
    expect(mean).toBeCloseTo(0.6, 12);
    expect(n).toBe(4);
    expect(low).toBeCloseTo(0.5253650184745273, 8);
    expect(high).toBeCloseTo(0.6746349815254729, 8);
  });

  test("one value has a mean and no interval", () => {
    expect(tInterval([0.5], 0)).toEqual({ mean: 0.5, low: null, high: null, n: 1 });
  });

  test("covers the truth in 95 of 100 samples of three normal values", () => {
    const stream = random({ seed: 1, stream: "coverage" });
    const covered = Array.from({ length: 4000 }, () => {
      const { low, high } = tInterval([stream.normal(), stream.normal(), stream.normal()], null);
      return low! <= 0 && high! >= 0;
    }).filter(Boolean).length;
    expect(covered / 4000).toBeGreaterThan(0.94);
    expect(covered / 4000).toBeLessThan(0.96);
  });
});

describe("pairs", () => {
  test("seeds are averaged within an order before anything is compared", () => {
    const runs = [
      { order: "o1", seed: 1, value: 1 },
      { order: "o1", seed: 2, value: 0 },
      { order: "o2", seed: 1, value: 0.25 },
    ];
    expect([...orderMeans(runs)]).toEqual([
      ["o1", 0.5],
      ["o2", 0.25],
    ]);
    const others = runs.slice(0, 2).map((run) => ({ ...run, value: run.value / 2 }));
    expect([...orderMeans(pairedDifferences(runs, others))]).toEqual([["o1", 0.25]]);
    expect(runsPerOrder(runs)).toBe(1.5);
  });

  test("paired t-test, against scipy 1.17", () => {
    expect(pairedPValue([0.05, 0.02, 0.09], null)).toBeCloseTo(0.11922898789891152, 9);
    expect(pairedPValue([0.05, -0.02, 0.09, 0.03, 0.04], null)).toBeCloseTo(0.09859229082966867, 9);
    expect(pairedPValue([0.3], null)).toBeNull();
  });

  test("equal differences are proof only where neither side can vary", () => {
    expect(pairedPValue([0.02, 0.02], 0)).toBe(0);
    expect(pairedPValue([0, 0], 0)).toBe(1);
    // Student's t with one degree of freedom: t = √2, p = 1 − (2/π) arctan √2
    expect(pairedPValue([0.02, 0.02], 0.02)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(Math.SQRT2), 9);
    expect(pairedPValue([0.02, 0.02], null)).toBeNull();
    expect(pairedPValue([0, 0], null)).toBe(1);
  });

  test("a larger least spread never lowers a p-value, and never matters below the spread seen", () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    const least = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 8 }), least, least, (differences, a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        expect(pairedPValue(differences, large)).toBeGreaterThanOrEqual(pairedPValue(differences, small)!);
        const seen = standardDeviation(differences);
        if (seen < 1e-9) return;
        expect(pairedPValue(differences, seen / 2)).toBe(pairedPValue(differences, null));
      }),
    );
  });

  test("Holm's adjustment, against statsmodels multipletests", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((value, index) => {
      expect(adjusted[index]).toBeCloseTo(value, 12);
    });
  });

  test("Holm never lowers a p-value, keeps their order and lies below Bonferroni", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }), (pValues) => {
        const adjusted = holm(pValues);
        pValues.forEach((p, a) => {
          expect(adjusted[a]).toBeGreaterThanOrEqual(p);
          expect(adjusted[a]).toBeLessThanOrEqual(Math.min(1, p * pValues.length));
          pValues.forEach((q, b) => {
            if (p < q) expect(adjusted[a]).toBeLessThanOrEqual(adjusted[b]!);
          });
        });
      }),
    );
  });
});

describe("rank intervals", () => {
  const runs = (...values: number[]) => ({
    runs: values.map((value, index) => ({ order: `o${index}`, seed: 1, value })),
    least: 0.0001,
  });

  test("entries far apart have one rank each; entries that cannot be separated share theirs", () => {
    const entries = [runs(0.9, 0.91, 0.9, 0.92), runs(0.5, 0.6, 0.52, 0.58), runs(0.53, 0.55, 0.57, 0.54)];
    expect(rankIntervals(entries)).toEqual([
      { best: 1, worst: 1 },
      { best: 2, worst: 3 },
      { best: 2, worst: 3 },
    ]);
  });

  test("equal differences over two orders separate nothing, unless neither entry can vary", () => {
    const [better, worse] = [runs(0.72, 0.72), runs(0.7, 0.7)];
    const item = 0.02 / Math.sqrt(8); // one of 50 items in each of eight tasks
    expect(rankIntervals([better, worse].map((entry) => ({ ...entry, least: item })))).toEqual([
      { best: 1, worst: 2 },
      { best: 1, worst: 2 },
    ]);
    expect(rankIntervals([better, worse].map((entry) => ({ ...entry, least: 0 })))).toEqual([
      { best: 1, worst: 1 },
      { best: 2, worst: 2 },
    ]);
  });

  test("one order separates nothing", () => {
    expect(rankIntervals([runs(0.9), runs(0.1)])).toBeUndefined();
  });

  test("nobody is certainly worse than all and better than some: 1 ≤ best ≤ worst ≤ N", () => {
    const entry = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 2, maxLength: 5 }), (table) => {
        const ranks = rankIntervals(table.map((values) => runs(...values)))!;
        for (const { best, worst } of ranks) {
          expect(best).toBeGreaterThanOrEqual(1);
          expect(worst).toBeLessThanOrEqual(table.length);
          expect(best).toBeLessThanOrEqual(worst);
        }
      }),
    );
  });
});

test("the error from the number of items: binomial for one task, smaller by √T for T tasks alike", () => {
  const one = matrixOf([[0], [0.8]], { n: [[100], [100]] });
  expect(itemStandardError([one])).toBeCloseTo(0.04, 12);
  const four = matrixOf(
    [
      [0, 0, 0, 0],
      [0.8, 0.8, 0.8, 0.8],
    ],
    { n: [[], [100, 100, 100, 100]] },
  );
  expect(itemStandardError([four])).toBeCloseTo(0.02, 12);
  expect(itemStandardError([four, four])).toBeCloseTo(0.02, 12);
  expect(itemStandardError([matrixOf([[0], [0.8]])])).toBeNull();
  expect(itemStandardError([])).toBeNull();
});

describe("the least spread of one run", () => {
  const counted = (items: number) => matrixOf(rows, { n: rows.map((row) => row.map(() => items)) });
  const rows = [
    [0.1, 0.2, 0.3],
    [0.9, 0.2, 0.3],
    [0.8, 0.9, 0.4],
    [0.7, 0.8, 0.9],
  ];
  const spread = (key: string, matrix = counted(50)) =>
    itemSpread(metrics.find((metric) => metric.key === key)!.compute, matrix);

  test("is one item in each score that the metric reads, in quadrature", () => {
    expect(spread("op")).toBeCloseTo(0.02 / Math.sqrt(3), 12);
    expect(spread("learningAccuracy")).toBeCloseTo(0.02 / Math.sqrt(3), 12);
    // two scores each of the two tasks but the last, over T − 1
    expect(spread("bwt")).toBeCloseTo((0.02 * 2) / 2, 12);
    // the untrained model is the same in every run: only R[1,2] and R[2,3] count
    expect(spread("fwt")).toBeCloseTo((0.02 * Math.SQRT2) / 2, 12);
    expect(spread("op", counted(200))).toBeCloseTo(0.005 / Math.sqrt(3), 12);
  });

  test("is unknown where the items are, or the value is", () => {
    expect(spread("op", matrixOf(rows))).toBeNull();
    expect(spread("safetyDelta")).toBeNull();
  });

  test("leaves the matrix as it was", () => {
    const matrix = counted(50);
    const before = structuredClone(matrix);
    for (const { compute } of metrics) itemSpread(compute, matrix);
    expect(matrix).toEqual(before);
  });
});
