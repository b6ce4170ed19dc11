import jStat from "jstat";
import { mean } from "../metrics/definition.js";
import { standardDeviation, tInterval } from "../metrics/statistics.js";
import { type Bounds, bootstrapBounds } from "./bootstrap.js";

/** Up to this many orders Student's interval stands; above it the bootstrap, which needs no normal values. */
export const mostForStudent = 10;

/**
 * The two-sided 95% interval of the mean of differences between two entries, one value for each task order: Student's t
 * up to ten orders, the BCa bootstrap over orders above.
 *
 * @returns null for fewer than two orders.
 */
export function differenceInterval(differences: readonly number[]): Bounds | null {
  if (differences.length > mostForStudent) return bootstrapBounds(differences, 0.025);
  const { low, high } = tInterval(differences);
  return low === null || high === null ? null : { low, high };
}

/**
 * Both one-sided bounds of a mean, d̄ ∓ t_{1−α, K−1} s/√K: each is wrong with probability α for normal values.
 *
 * @param values K ≥ 2 independent values: one for each task order.
 */
export function oneSidedBounds(values: readonly number[], alpha: number): Bounds {
  const half = studentQuantile(alpha, values.length) * (standardDeviation(values) / Math.sqrt(values.length));
  return { low: mean(values) - half, high: mean(values) + half };
}

/** t_{1−α, K−1}. */
export const studentQuantile = (alpha: number, count: number): number => jStat.studentt.inv(1 - alpha, count - 1);
