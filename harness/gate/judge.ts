import { mean } from "../metrics/definition.js";
import type { LeastSpread } from "../metrics/least-spread.js";
import { rounding, spreadOf } from "../metrics/statistics.js";
import { oneSidedBounds, studentQuantile } from "./bounds.js";
import { leansLeft, skewness } from "./skewness.js";

/** What the evidence says of a margin. */
export type Verdict = "pass" | "fail" | "inconclusive";

/** What the differences of one metric say about a margin. Differences are positive where the candidate is better. */
export interface Judgment {
  verdict: Verdict;
  /** Mean difference; null where nothing could be paired. */
  mean: number | null;
  /** One-sided bounds, each wrong with probability `alpha`; null below three orders. */
  low: number | null;
  high: number | null;
  /** K, the task orders behind the judgment. */
  orders: number;
  /** Further orders that would decide if mean and spread stayed; null where decided, or where none of up to 1000 would. */
  furtherOrders: number | null;
  /** Why it is inconclusive. */
  reason?: string;
  /** Why the promised error rate is in doubt. */
  warning?: string;
}

export const leastOrders = 3;

const mostOrders = 1000;

/** What a judgment goes by. */
export interface Rule {
  /** δ ≥ 0, in the metric's unit. */
  margin: number;
  /** The least standard deviation of one order's difference. */
  least: LeastSpread;
  /** The probability of passing a candidate that is worse by exactly δ, and of failing it. */
  alpha?: number;
}

/**
 * Non-inferiority with a margin δ declared beforehand, by one-sided bounds L and U of the mean difference: PASS if
 * L > −δ, FAIL if U < −δ, else INCONCLUSIVE. Fewer than three orders are inconclusive. Where neither side can vary by
 * construction, the comparison is exact.
 *
 * @param differences candidate − baseline, positive is better: one for each task order, seeds averaged.
 */
export function judge(differences: readonly number[], { margin, least, alpha = 0.05 }: Rule): Judgment {
  const orders = differences.length;
  if (orders < leastOrders) {
    const reason = `${orders} of the at least ${leastOrders} task orders that a judgment needs`;
    const center = orders === 0 ? null : mean(differences);
    const furtherOrders = leastOrders - orders;
    return { verdict: "inconclusive", mean: center, low: null, high: null, orders, furtherOrders, reason };
  }
  const center = mean(differences);
  const spread = spreadOf(differences, least);
  if (spread === null) {
    const reason = "the orders do not differ, and how much they could by chance is unknown: items are not counted";
    return { verdict: "inconclusive", mean: center, low: null, high: null, orders, furtherOrders: null, reason };
  }
  if (spread < rounding) {
    const verdict = center >= -margin - rounding ? "pass" : "fail";
    return { verdict, mean: center, low: center, high: center, orders, furtherOrders: null };
  }
  const { low, high } = oneSidedBounds(differences, spread, alpha);
  const verdict = low > -margin ? "pass" : high < -margin ? "fail" : "inconclusive";
  const judgment: Judgment = { verdict, mean: center, low, high, orders, furtherOrders: null };
  if (verdict === "inconclusive") {
    judgment.reason = "the interval holds both sides of the margin";
    judgment.furtherOrders = furtherOrders(Math.abs(center + margin), spread, orders, alpha);
  }
  const lean = skewness(differences);
  if (lean !== null && leansLeft(lean, orders)) {
    judgment.warning = `the differences lean to the left (skewness ${lean.toFixed(1)}): false passes may exceed ${100 * alpha}%`;
  }
  return judgment;
}

/** The least number of orders beyond K at which t_{1−α,n−1} s/√n, which falls with n, is below the distance to the margin. */
function furtherOrders(distance: number, spread: number, orders: number, alpha: number): number | null {
  const decides = (n: number) => (studentQuantile(alpha, n) * spread) / Math.sqrt(n) < distance;
  let [short, enough] = [orders, orders + mostOrders];
  if (!decides(enough)) return null;
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2);
    if (decides(middle)) enough = middle;
    else short = middle;
  }
  return enough - orders;
}
