import { expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { kolmogorovSmirnov } from "../../../harness/metrics/statistics/kolmogorov-smirnov.js";
import { meanDiscrepancy } from "../../../harness/metrics/statistics/mean-discrepancy.js";
import { populationStability } from "../../../harness/metrics/statistics/population-stability.js";

const cloud = (stream: string, count: number, center: number) =>
  Array.from({ length: count }, (_, item) => {
    const draws = random({ seed: 1, stream, item });
    return Float32Array.from([center + draws.normal(), draws.normal()]);
  });
const key = { seed: 1, stream: "test" };

test("population stability is 0 for equal shares, and as worked out by hand", () => {
  expect(populationStability([10, 20], [20, 10])).toBe(0);
  // Half a count added to each of five bins: 3/15 each, against 1/15 four times and 11/15.
  expect(populationStability([1, 2, 3, 4, 5], [5, 5, 5, 6, 7])).toBeCloseTo((8 / 15) * Math.log(11), 12);
  expect(populationStability([5, 4, 3, 2, 1], [0, 0, 0, 0, 0])).toBeCloseTo((8 / 15) * Math.log(11), 12);
});

test("Kolmogorov–Smirnov is the largest distance, ties passed together", () => {
  const distance = (first: number[], second: number[]) => kolmogorovSmirnov(first, second).distance;
  expect(distance([1, 2, 2, 3], [3, 2, 1, 2])).toBe(0);
  expect(distance([1, 2], [3, 4])).toBe(1);
  expect(distance([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
});

test("its probability is Kolmogorov's limit at Stephens' λ, near that of the exact test", () => {
  const steps = (count: number, from: number, width: number) =>
    Array.from({ length: count }, (_, i) => from + width * i);
  // scipy.stats.kstwobign.sf((√m + 0.12 + 0.11/√m)·D) at D = 0.5, m = 12; the exact two-sample test gives 0.0034.
  const few = kolmogorovSmirnov(steps(20, 0, 1), steps(30, 4.5, 1));
  expect(few.distance).toBeCloseTo(0.5, 12);
  expect(few.probability).toBeCloseTo(0.002897057550796698, 12);
  // D = 0.16, m = 50; exact: 0.155.
  const many = kolmogorovSmirnov(steps(100, 0, 0.01), steps(100, 0.155, 0.01));
  expect(many.distance).toBeCloseTo(0.16, 12);
  expect(many.probability).toBeCloseTo(0.13997518016385863, 12);
  expect(kolmogorovSmirnov([1, 2, 3], [1, 2, 3]).probability).toBe(1);
});

test("MMD of two points is 2 − 2 exp(−1/2) under the median heuristic", () => {
  const { squared } = meanDiscrepancy([Float32Array.of(0)], [Float32Array.of(3)], 0, key);
  expect(squared).toBeCloseTo(2 - 2 * Math.exp(-0.5), 12);
});

test("a shifted sample is distinguished from the history, one from the same source is not, and the draws are keyed", () => {
  const history = cloud("history", 20, 0);
  const shifted = meanDiscrepancy(history, cloud("new", 20, 3), 99, key);
  expect(shifted.pValue).toBe(0.01);
  expect(meanDiscrepancy(history, history, 99, key)).toEqual({ squared: 0, pValue: 1 });
  expect(meanDiscrepancy(history, cloud("new", 20, 3), 99, key)).toEqual(shifted);
});

test("an empty sample is refused", () => {
  expect(() => kolmogorovSmirnov([], [1])).toThrow(RangeError);
  expect(() => meanDiscrepancy([], [Float32Array.of(1)], 9, key)).toThrow(RangeError);
  expect(() => populationStability([1], [])).toThrow(RangeError);
});
