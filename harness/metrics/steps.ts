import type { HistoryStep } from "../contract/results/history.js";
import { mean } from "./definition.js";

/** Noise below this is rounding. */
const rounding = 1e-6;

/**
 * Changes of level in a sequence of values: the best fit by constant pieces, where each further piece must lower
 * Σ(x − level)²/σ² by more than 2·ln n + 8 + 24/n (optimal partitioning, Jackson et al., math/0309285). σ is estimated
 * from the median of the absolute first differences, which a step hardly moves, and is at least `leastNoise`.
 *
 * The penalty was set by simulation: without any step, 2% to 7% of Gaussian sequences of 4 to 40 values show one; see
 * the tests, which measure it.
 *
 * @param values null where there is none; places count all values.
 * @param leastNoise known standard deviation of one value, such as that from a finite number of test items.
 */
export function findSteps(values: readonly (number | null)[], leastNoise = 0): HistoryStep[] {
  const known = values.flatMap((value, place) => (value === null ? [] : [{ value, place }]));
  if (known.length < 3) return [];
  const numbers = known.map(({ value }) => value);
  const noise = Math.max(noiseOf(numbers), leastNoise, rounding);
  const starts = partition(numbers.map((value) => value / noise));
  return starts.slice(1).map((start, index) => ({
    at: known[start]!.place,
    before: mean(numbers.slice(starts[index], start)),
    after: mean(numbers.slice(start, starts[index + 2])),
  }));
}

/** σ of Gaussian noise by the median absolute first difference. */
function noiseOf(values: readonly number[]): number {
  const sorted = values
    .slice(1)
    .map((value, index) => Math.abs(value - values[index]!))
    .sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return mean([sorted[Math.floor(middle)]!, sorted[Math.ceil(middle)]!]) / (0.6745 * Math.SQRT2);
}

/** First places of the pieces of the cheapest partition of values with noise 1. */
function partition(values: readonly number[]): number[] {
  const n = values.length;
  const penalty = 2 * Math.log(n) + 8 + 24 / n;
  const center = mean(values); // differences of large sums would lose digits
  const [sums, squares] = [[0], [0]];
  for (const value of values) {
    sums.push(sums.at(-1)! + (value - center));
    squares.push(squares.at(-1)! + (value - center) ** 2);
  }
  const cost = (from: number, to: number) =>
    squares[to]! - squares[from]! - (sums[to]! - sums[from]!) ** 2 / (to - from);
  const best = [-penalty];
  const start = [0];
  for (let end = 1; end <= n; end++) {
    best[end] = Number.POSITIVE_INFINITY;
    for (let from = 0; from < end; from++) {
      const total = best[from]! + cost(from, end) + penalty;
      if (total < best[end]!) [best[end], start[end]] = [total, from];
    }
  }
  const starts: number[] = [];
  for (let end = n; end > 0; end = start[end]!) starts.unshift(start[end]!);
  return starts;
}
