import { expect, test } from "vitest";
import { random } from "../../../../harness/contract/random.js";
import { kolmogorovSmirnov } from "../../../../trainers/training/monitors/kolmogorov-smirnov.js";
import { meanDiscrepancy } from "../../../../trainers/training/monitors/mean-discrepancy.js";
import { populationStability } from "../../../../trainers/training/monitors/population-stability.js";

const cloud = (stream: string, count: number, centre: number) =>
  Array.from({ length: count }, (_, item) => {
    const draws = random({ seed: 1, stream, item });
    return Float32Array.from([centre + draws.normal(), draws.normal()]);
  });
const key = { seed: 1, stream: "test" };

test("population stability is 0 for equal shares, symmetric, and as worked out by hand", () => {
  expect(populationStability([10, 20], [10, 20])).toBe(0);
  // Shares 1/4, 3/4 and 3/4, 1/4 once half a count is added: 2 × 0.5 × ln 3.
  expect(populationStability([0.5, 2.5], [2.5, 0.5])).toBeCloseTo(Math.log(3), 12);
  expect(populationStability([3, 9, 0], [1, 1, 7])).toBeCloseTo(populationStability([1, 1, 7], [3, 9, 0]), 12);
});

test("Kolmogorov–Smirnov is the largest distance, ties passed together", () => {
  expect(kolmogorovSmirnov([1, 2, 2, 3], [3, 2, 1, 2])).toBe(0);
  expect(kolmogorovSmirnov([1, 2], [3, 4])).toBe(1);
  expect(kolmogorovSmirnov([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
});

test("MMD of two points is 2 − 2 exp(−1/2) under the median heuristic", () => {
  const { squared } = meanDiscrepancy([Float32Array.of(0)], [Float32Array.of(3)], 0, key);
  expect(squared).toBeCloseTo(2 - 2 * Math.exp(-0.5), 12);
});

test("a shifted cloud is told from the history, one from the same source is not, and the draws are keyed", () => {
  const history = cloud("history", 20, 0);
  const shifted = meanDiscrepancy(history, cloud("new", 20, 3), 99, key);
  expect(shifted.pValue).toBe(0.01);
  expect(meanDiscrepancy(history, history, 99, key)).toEqual({ squared: 0, pValue: 1 });
  expect(meanDiscrepancy(history, cloud("new", 20, 3), 99, key)).toEqual(shifted);
});

test("an empty sample is refused", () => {
  expect(() => kolmogorovSmirnov([], [1])).toThrow(RangeError);
  expect(() => meanDiscrepancy([], [Float32Array.of(1)], 9, key)).toThrow(RangeError);
  expect(() => populationStability([], [])).toThrow(RangeError);
});
