import { expect, test } from "vitest";
import { rankCorrelation } from "../../../harness/metrics/statistics/rank-correlation.js";

const paired = (x: number[], y: number[]) => x.map((value, i) => [value, y[i]!] as const);

test("without ties it is 1 − 6 Σd² / n(n² − 1), whatever the scale", () => {
  // Rank differences 1, 1, 1, 1, 0: 1 − 24 / 120.
  const found = rankCorrelation(paired([1, 20, 300, 4000, 50000], [0.2, 0.1, 0.4, 0.3, 0.5]))!;
  expect(found.mean).toBeCloseTo(0.8, 12);
  expect(found.n).toBe(5);
  expect(found.low).toBeCloseTo(Math.tanh(Math.atanh(0.8) - 1.959964 * Math.sqrt(0.66)), 6);
  expect(found.high).toBeCloseTo(Math.tanh(Math.atanh(0.8) + 1.959964 * Math.sqrt(0.66)), 6);
});

test("equal values share their mean rank", () => {
  // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: covariance 4.5, squares 4.5 and 5.
  expect(rankCorrelation(paired([1, 2, 2, 4], [1, 3, 2, 4]))!.mean).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

test("a perfect or small sample has no interval, one that does not vary no correlation", () => {
  expect(rankCorrelation(paired([1, 2, 3, 4], [4, 3, 2, 1]))).toEqual({ mean: -1, low: null, high: null, n: 4 });
  expect(rankCorrelation(paired([1, 2, 3], [1, 3, 2]))).toMatchObject({ low: null, high: null, n: 3 });
  expect(rankCorrelation(paired([1, 1, 1], [1, 2, 3]))).toBeUndefined();
  expect(rankCorrelation([])).toBeUndefined();
});
