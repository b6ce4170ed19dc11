import jStat from "jstat";
import { mean, sum } from "./definition.js";

/** Below this, a spread or a difference of scores is rounding, not evidence. */
const rounding = 1e-12;

/** A mean with its confidence interval; the ends are null where one value gives none. */
export interface Interval {
  mean: number;
  low: number | null;
  high: number | null;
  n: number;
}

/** The sample standard deviation, with n − 1; NaN for fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - center) ** 2)) / (values.length - 1));
}

/**
 * Student's interval of a mean: mean ∓ t_{(1+level)/2, n−1} · s/√n. Exact for normal values; for K < 10 orders better
 * than the percentile bootstrap, whose error of the first kind is 19% instead of 5% at n = 3.
 *
 * @param values independent values: one for each order.
 */
export function tInterval(values: readonly number[], level = 0.95): Interval {
  const center = mean(values);
  if (values.length < 2) return { mean: center, low: null, high: null, n: values.length };
  const t = jStat.studentt.inv((1 + level) / 2, values.length - 1);
  const half = (t * standardDeviation(values)) / Math.sqrt(values.length);
  return { mean: center, low: center - half, high: center + half, n: values.length };
}

/**
 * Two-sided p-value that the mean of paired differences is 0 (paired t-test). Where the differences do not vary the
 * comparison is exact: 1 if they are 0, else 0.
 *
 * @returns null for fewer than two differences.
 */
export function pairedPValue(differences: readonly number[]): number | null {
  if (differences.length < 2) return null;
  const center = mean(differences);
  const spread = standardDeviation(differences);
  if (spread < rounding) return Math.abs(center) < rounding ? 1 : 0;
  const t = Math.abs(center) / (spread / Math.sqrt(differences.length));
  return 2 * (1 - jStat.studentt.cdf(t, differences.length - 1));
}

/** Holm's step-down adjustment (1979): adjusted p-values in the order given; reject where one is ≤ α. */
export function holm(pValues: readonly number[]): number[] {
  const ascending = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  ascending.forEach(({ p, index }, place) => {
    largest = Math.max(largest, Math.min(1, p * (pValues.length - place)));
    adjusted[index] = largest;
  });
  return adjusted;
}
