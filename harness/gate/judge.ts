import { mean } from "../metrics/definition.js";
import type { LeastSpread } from "../metrics/statistics/least-spread.js";
import { rounding, spreadOf, studentQuantile } from "../metrics/statistics/statistics.js";
import { bettingEvidence, enoughEvidence, ordersToEnough } from "./betting.js";
import { oneSidedBounds } from "./bounds.js";
import { leansLeft, skewness } from "./skewness.js";

/** What the evidence says of a margin. */
export type Verdict = "pass" | "fail" | "inconclusive";

/** What the differences of one metric say about a margin. Differences are positive where the candidate is better. */
export interface Judgment {
  verdict: Verdict;
  /** Mean difference; null where nothing could be paired. */
  mean: number | null;
  /** One-sided bounds, each wrong with probability `alpha`; null below three orders, and where no error is left. */
  low: number | null;
  high: number | null;
  /** K, the task orders behind the judgment. */
  orders: number;
  /** Further orders that would decide if mean and spread stayed; null where decided, or where none of up to 1000 would. */
  furtherOrders: number | null;
  /** The wealth of the bet against a candidate that is worse by δ, where a worst fall is declared; 20 passes. */
  evidence?: number;
  /** Why it is inconclusive, or failed by its worst order. */
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
  /** The probability of passing a candidate that is worse by exactly δ, and of failing it, at this look. */
  alpha?: number;
  /** What a look at so many orders would have; `alpha` without it. */
  alphaAt?: (orders: number) => number;
  /** F > δ: no order is ever worse by more. A candidate then passes by betting, whatever the skew and the looks. */
  worstFall?: number;
}

/**
 * Non-inferiority with a margin δ declared beforehand, by one-sided bounds L and U of the mean difference: PASS if
 * L > −δ, FAIL if U < −δ, else INCONCLUSIVE. Fewer than three orders are inconclusive. Where neither side can vary by
 * construction, the comparison is exact. Where a worst fall is declared, PASS is by `bettingEvidence`, and an order that
 * fell deeper is FAIL.
 *
 * @param differences candidate − baseline, positive is better: one for each task order, seeds averaged.
 */
export function judge(differences: readonly number[], rule: Rule): Judgment {
  const { margin, least, alpha = 0.05, worstFall } = rule;
  const orders = differences.length;
  const center = orders === 0 ? null : mean(differences);
  const open = (reason: string, furtherOrders: number | null): Judgment => {
    return { verdict: "inconclusive", mean: center, low: null, high: null, orders, furtherOrders, reason };
  };
  if (center === null || orders < leastOrders) {
    const reason = `${orders} of the at least ${leastOrders} task orders that a judgment needs`;
    return open(reason, leastOrders - orders);
  }
  const spread = spreadOf(differences, least);
  if (spread === null) {
    return open("the orders do not differ, and how much they could by chance is unknown: items are not counted", null);
  }
  if (spread < rounding) {
    const verdict = center >= -margin - rounding ? "pass" : "fail";
    return { verdict, mean: center, low: center, high: center, orders, furtherOrders: null };
  }
  const { low, high } = alpha > 0 ? oneSidedBounds(differences, spread, alpha) : { low: null, high: null };
  const failed = high !== null && high < -margin;
  const bounds = { mean: center, low, high, orders, furtherOrders: null };
  if (worstFall !== undefined) return { ...bounds, ...judgeByBetting(differences, margin, worstFall, failed) };
  const judgment: Judgment = { ...bounds, verdict: failed ? "fail" : "pass" };
  const lean = skewness(differences);
  if (lean !== null && leansLeft(lean, orders)) {
    const share = `${Number((100 * alpha).toPrecision(2))}%`;
    judgment.warning = `the differences lean to the left (skewness ${lean.toFixed(1)}): false passes may exceed ${share}; declare the worst fall of an order (--worst-fall)`;
  }
  if (failed || (low !== null && low > -margin)) return judgment;
  return {
    ...judgment,
    verdict: "inconclusive",
    reason: low === null ? "earlier looks have spent the error of 5%" : "the interval holds both sides of the margin",
    furtherOrders: furtherOrders(Math.abs(center + margin), spread, orders, rule.alphaAt ?? (() => alpha)),
  };
}

/** @param failed whether the upper bound is below the margin. */
function judgeByBetting(
  differences: readonly number[],
  margin: number,
  worstFall: number,
  failed: boolean,
): Pick<Judgment, "verdict" | "evidence" | "reason" | "furtherOrders"> {
  if (Math.min(...differences) < -worstFall - rounding) {
    return {
      verdict: "fail",
      furtherOrders: null,
      reason: "an order fell deeper than the worst fall that was declared",
    };
  }
  const evidence = bettingEvidence(differences, margin, worstFall);
  if (failed || evidence >= enoughEvidence) return { verdict: failed ? "fail" : "pass", evidence, furtherOrders: null };
  return {
    verdict: "inconclusive",
    evidence,
    reason: `the evidence is ${evidence.toPrecision(3)} of the ${enoughEvidence} that pass`,
    furtherOrders: ordersToEnough(evidence, differences.length),
  };
}

/** The least number of orders beyond K at which t_{1−α,n−1} s/√n, which falls with n, is below the distance to the margin. */
function furtherOrders(
  distance: number,
  spread: number,
  orders: number,
  alphaAt: (orders: number) => number,
): number | null {
  const decides = (n: number) =>
    alphaAt(n) > 0 && (studentQuantile(1 - alphaAt(n), n) * spread) / Math.sqrt(n) < distance;
  let [short, enough] = [orders, orders + mostOrders];
  if (!decides(enough)) return null;
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2);
    if (decides(middle)) enough = middle;
    else short = middle;
  }
  return enough - orders;
}
