import { packages } from "../../contract/packages.js";
import { mean, sum } from "../definition.js";
import type { Interval } from "./statistics.js";

/**
 * Spearman's rank correlation with its confidence interval on Fisher's scale, whose standard error is
 * √((1 + r² / 2) / (n − 3)) (Bonett and Wright 2000). Equal values share their mean rank. The pairs count as
 * independent: where several come from one cell, the interval is narrower than it should be.
 *
 * @param pairs of finite values, such as a monitor's statistic and the forgetting that the task caused.
 * @returns the ends are null for fewer than four pairs and where |r| = 1; undefined where one side does not vary.
 */
export function rankCorrelation(pairs: readonly (readonly [number, number])[], level = 0.95): Interval | undefined {
  const n = pairs.length;
  const r = correlation(ranks(pairs.map(([x]) => x)), ranks(pairs.map(([, y]) => y)));
  if (r === undefined) return undefined;
  if (n < 4 || Math.abs(r) === 1) return { mean: r, low: null, high: null, n };
  const half = packages.jStat.normal.inv((1 + level) / 2, 0, 1) * Math.sqrt((1 + r ** 2 / 2) / (n - 3));
  return { mean: r, low: Math.tanh(Math.atanh(r) - half), high: Math.tanh(Math.atanh(r) + half), n };
}

/** 1 for the lowest; equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}

/** Pearson's, kept within ±1 against rounding; undefined where one side does not vary. */
function correlation(x: readonly number[], y: readonly number[]): number | undefined {
  const [centerX, centerY] = [mean(x), mean(y)];
  const product = sum(x.map((value, i) => (value - centerX) * (y[i]! - centerY)));
  const scale = Math.sqrt(
    sum(x.map((value) => (value - centerX) ** 2)) * sum(y.map((value) => (value - centerY) ** 2)),
  );
  return scale > 0 ? Math.max(-1, Math.min(1, product / scale)) : undefined;
}
