import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { orderMeans, pairedDifferences } from "../../../harness/metrics/clusters.js";
import { itemStandardError } from "../../../harness/metrics/index.js";
import { rankIntervals } from "../../../harness/metrics/ranks.js";
import { holm, pairedPValue, tInterval } from "../../../harness/metrics/statistics.js";
import { matrixOf } from "./matrix.js";

describe("intervals", () => {
  test("Student's interval, against scipy 1.17", () => {
    const { mean, low, high, n } = tInterval([0.61, 0.55, 0.58, 0.66]);
    expect(mean).toBeCloseTo(0.6, 12);
    expect(n).toBe(4);
    expect(low).toBeCloseTo(0.5253650184745273, 8);
    expect(high).toBeCloseTo(0.6746349815254729, 8);
  });

  test("one value has a mean and no interval", () => {
    expect(tInterval([0.5])).toEqual({ mean: 0.5, low: null, high: null, n: 1 });
  });

  test("covers the truth in 95 of 100 samples of three normal values", () => {
    const stream = random({ seed: 1, stream: "coverage" });
    const covered = Array.from({ length: 4000 }, () => {
      const { low, high } = tInterval([stream.normal(), stream.normal(), stream.normal()]);
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
    expect([...pairedDifferences(runs, others)]).toEqual([["o1", 0.25]]);
  });

  test("paired t-test, against scipy 1.17; exact where the differences do not vary", () => {
    expect(pairedPValue([0.05, 0.02, 0.09])).toBeCloseTo(0.11922898789891152, 9);
    expect(pairedPValue([0.05, -0.02, 0.09, 0.03, 0.04])).toBeCloseTo(0.09859229082966867, 9);
    expect(pairedPValue([0.1, 0.1, 0.1])).toBe(0);
    expect(pairedPValue([0, 0])).toBe(1);
    expect(pairedPValue([0.3])).toBeNull();
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
  const runs = (...values: number[]) => values.map((value, index) => ({ order: `o${index}`, seed: 1, value }));

  test("entries far apart have one rank each; entries that cannot be separated share theirs", () => {
    const entries = [runs(0.9, 0.91, 0.9, 0.92), runs(0.5, 0.6, 0.52, 0.58), runs(0.53, 0.55, 0.57, 0.54)];
    expect(rankIntervals(entries)).toEqual([
      { best: 1, worst: 1 },
      { best: 2, worst: 3 },
      { best: 2, worst: 3 },
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
