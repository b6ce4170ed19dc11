import { judge, type Verdict } from "../gate/judge.js";
import { measureOf } from "../gate/measures.js";
import { type ObservedSide, runSpread } from "../gate/pairing.js";
import { type Observation, orderMeans, runsPerOrder } from "../metrics/clusters.js";
import type { LeastSpread } from "../metrics/least-spread.js";
import { holm, pairedPValue, rounding } from "../metrics/statistics.js";
import type { Claim, ClaimVerdict, Hypothesis } from "./claim.js";

/** What the runs say about one inequality. */
export interface HypothesisResult extends Hypothesis {
  verdict: ClaimVerdict;
  /** Mean of the contrast over orders; null where nothing could be paired. */
  mean: number | null;
  /** One-sided bounds, each wrong with probability α; null below three orders. */
  low: number | null;
  high: number | null;
  orders: number;
  /** Further orders that would decide if mean and spread stayed; null where decided, or unknown. */
  furtherOrders: number | null;
  /** One-sided p-value of the contrast above −margin; null below two orders. */
  p: number | null;
  reason?: string;
}

/** What the runs say about a claim. */
export interface ClaimResult extends Omit<Claim, "hypotheses"> {
  verdict: ClaimVerdict;
  hypotheses: HypothesisResult[];
  /** Finished runs behind it. */
  runs: number;
  /** The largest p of its hypotheses (all have to hold), adjusted by Holm over the claims of this table. */
  adjustedP: number | null;
  reason?: string;
}

/** The finished cells of an arm, or why there are none. */
export type ArmCells = ObservedSide | { missing: string };

const verdicts: Record<Verdict, ClaimVerdict> = {
  pass: "supported",
  fail: "contradicted",
  inconclusive: "undecided",
};

/**
 * Judges claims by the gate's one-sided bounds over task orders: a hypothesis is supported where the lower bound of its
 * contrast is above −margin, contradicted where the upper bound is below, else undecided. A claim is supported where all
 * its hypotheses are (an intersection–union test, which needs no adjustment), contradicted where one is contradicted,
 * not runnable where an arm is missing or a metric was not measured. The verdicts are each at α; p alone is adjusted.
 *
 * @param cells of each arm, by its name.
 * @param alpha the error of each bound.
 */
export function judgeClaims(
  claims: readonly Claim[],
  cells: Readonly<Record<string, ArmCells>>,
  alpha: number,
): ClaimResult[] {
  const results = claims.map((claim) => judgeClaim(claim, cells, alpha));
  const told = results.filter(({ adjustedP }) => adjustedP !== null);
  const adjusted = holm(told.map(({ adjustedP }) => adjustedP!));
  return results.map((result) => {
    const place = told.indexOf(result);
    return place < 0 ? result : { ...result, adjustedP: adjusted[place]! };
  });
}

const notRunnable = (claim: Omit<Claim, "hypotheses">, reason: string): ClaimResult => ({
  ...claim,
  ...{ verdict: "not runnable", hypotheses: [], runs: 0, adjustedP: null, reason },
});

/** Before the adjustment `adjustedP` is the claim's own p. */
function judgeClaim(
  { hypotheses, ...claim }: Claim,
  cells: Readonly<Record<string, ArmCells>>,
  alpha: number,
): ClaimResult {
  const names = [...new Set(hypotheses.flatMap(({ contrast }) => Object.keys(contrast)))];
  const found = new Map<string, ObservedSide>();
  for (const name of names) {
    const arm = cells[name]!;
    if ("missing" in arm) return notRunnable(claim, arm.missing);
    found.set(name, arm);
  }
  const unmeasured = hypotheses.flatMap((hypothesis) => unmeasuredBy(hypothesis, found))[0];
  if (unmeasured !== undefined) return notRunnable(claim, unmeasured);
  const results = hypotheses.map((hypothesis) => judgeHypothesis(hypothesis, found, alpha));
  const runs = [...found.values()].reduce((sum, { cells }) => sum + cells.length, 0);
  const ps = results.map(({ p }) => p);
  return {
    ...claim,
    verdict: conjunction(results),
    hypotheses: results,
    runs,
    adjustedP: ps.includes(null) ? null : Math.max(...(ps as number[])),
  };
}

function conjunction(results: readonly HypothesisResult[]): ClaimVerdict {
  if (results.some(({ verdict }) => verdict === "contradicted")) return "contradicted";
  return results.every(({ verdict }) => verdict === "supported") ? "supported" : "undecided";
}

/** Why a metric is unknown in the cells of an arm, such as general ability where the suite has no probes for it. */
function unmeasuredBy({ metric, contrast }: Hypothesis, arms: ReadonlyMap<string, ObservedSide>): string[] {
  const measure = measureOf(metric, []);
  return Object.keys(contrast).flatMap((arm) =>
    arms.get(arm)!.cells.flatMap(({ matrix }) => {
      const { value, reason } = measure.compute(matrix);
      return value === null ? [`${metric} of ${arm}: ${reason}`] : [];
    }),
  );
}

function judgeHypothesis(
  hypothesis: Hypothesis,
  arms: ReadonlyMap<string, ObservedSide>,
  alpha: number,
): HypothesisResult {
  const { margin } = hypothesis;
  const { values, least } = contrastByOrder(hypothesis, arms);
  const { verdict, mean, low, high, orders, furtherOrders, reason } = judge(values, { margin, least, alpha });
  const result = { ...hypothesis, mean, low, high, orders, furtherOrders, p: oneSidedP(values, margin, least) };
  // Superiority is not shown by values that are all the same as what they are compared with.
  if (margin === 0 && values.length > 0 && values.every((value) => Math.abs(value) < rounding)) {
    return { ...result, verdict: "undecided", reason: "no order differs at all" };
  }
  return { ...result, verdict: verdicts[verdict], ...(reason === undefined ? {} : { reason }) };
}

/** The contrast of each order, over the seeds that every arm has there; signed so that more is better. */
function contrastByOrder({ metric, contrast }: Hypothesis, arms: ReadonlyMap<string, ObservedSide>) {
  const measure = measureOf(metric, []);
  const sign = measure.higherIsBetter ? 1 : -1;
  const sums = new Map<string, Observation & { arms: number }>();
  for (const [arm, weight] of Object.entries(contrast)) {
    for (const { order, seed, matrix } of arms.get(arm)!.cells) {
      const key = `${seed}|${order}`;
      const before = sums.get(key) ?? { order, seed, value: 0, arms: 0 };
      const value = before.value + sign * weight * measure.compute(matrix).value!;
      sums.set(key, { ...before, value, arms: before.arms + 1 });
    }
  }
  const complete = [...sums.values()].filter(({ arms }) => arms === Object.keys(contrast).length);
  const spreads = Object.entries(contrast).map(([arm, weight]) => {
    const spread = runSpread(measure, arms.get(arm)!);
    return spread === null ? Number.NaN : weight * spread;
  });
  const least = Math.hypot(...spreads) / Math.sqrt(runsPerOrder(complete));
  return { values: [...orderMeans(complete).values()], least: Number.isNaN(least) ? null : least };
}

function oneSidedP(values: readonly number[], margin: number, least: LeastSpread): number | null {
  const shifted = values.map((value) => value + margin);
  const p = pairedPValue(shifted, least);
  if (p === null) return null;
  const total = shifted.reduce((sum, value) => sum + value, 0);
  return total > 0 ? p / 2 : 1 - p / 2;
}
