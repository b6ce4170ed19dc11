import { mean } from "../metrics/definition.js";
import type { LeastSpread } from "../metrics/statistics/least-spread.js";
import { rounding, standardDeviation, studentQuantile, tInterval } from "../metrics/statistics/statistics.js";
import { type Bounds, bootstrapBounds } from "./bootstrap.js";

/** Up to this many orders or items Student's interval is used; above it the bootstrap, which needs no normal values. */
export const mostForStudent = 10;

/**
 * The two-sided 95% interval of the mean of differences between two entries, one value for each task order: Student's t
 * up to ten orders and where they vary less than they must, the BCa bootstrap over orders above.
 *
 * @returns null for fewer than two orders, and where they do not vary and nobody knows how much they could.
 */
export function differenceInterval(differences: readonly number[], least: LeastSpread): Bounds | null {
  const varied = differences.length > mostForStudent && standardDeviation(differences) > (least ?? rounding);
  if (varied) return bootstrapBounds(differences, 0.025);
  const { low, high } = tInterval(differences, least);
  return low === null || high === null ? null : { low, high };
}

/**
 * Both one-sided bounds of a mean, d̄ ∓ t_{1−α, K−1} s/√K: each is wrong with probability α for normal values.
 *
 * @param values K ≥ 2 independent values: one for each task order.
 * @param spread s, as `spreadOf` says.
 */
export function oneSidedBounds(values: readonly number[], spread: number, alpha: number): Bounds {
  const half = studentQuantile(1 - alpha, values.length) * (spread / Math.sqrt(values.length));
  return { low: mean(values) - half, high: mean(values) + half };
}
