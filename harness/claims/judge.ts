import type { Metric } from "../contract/metric.js";
import { armsOf, type Hypothesis } from "../contract/results/claim.js";
import { judge, leastOrders } from "../gate/judge.js";
import { type Measure, measureOf, noSuite } from "../gate/measures.js";
import { type ObservedSide, runSpread } from "../gate/pairing.js";
import { type Observation, orderMeans, placeOf, runsPerOrder } from "../metrics/statistics/clusters.js";
import type { LeastSpread } from "../metrics/statistics/least-spread.js";
import { holm, pairedPValue, rounding } from "../metrics/statistics/statistics.js";
import type { ClaimVerdict, RegisteredClaim } from "./registered.js";

/** What the runs say about one inequality. */
export interface HypothesisResult extends Hypothesis {
  /** Mean of the contrast over orders; null where nothing could be paired, or cells have not finished. */
  mean: number | null;
  /** One-sided bounds that hold for all claims of the table together, each but for α; null below three orders. */
  low: number | null;
  high: number | null;
  orders: number;
  /** Further orders that would decide if mean and spread stayed; null where decided, or unknown. */
  furtherOrders: number | null;
  /** One-sided p-values that the contrast is on the hypothesis's side, and on the other; null below three orders. */
  p: number | null;
  pAgainst: number | null;
  reason?: string;
}

/** What the runs say about a claim. */
export interface ClaimResult extends Omit<RegisteredClaim, "hypotheses"> {
  verdict: ClaimVerdict;
  hypotheses: HypothesisResult[];
  /** Finished runs behind it. */
  runs: number;
  /** Cells of its arms that have not finished: with any, the claim is undecided. */
  unfinished: string[];
  /** p for and against the claim, adjusted by Holm over the claims of this table: the verdict is by these. */
  adjustedP: number | null;
  adjustedPAgainst: number | null;
  reason?: string;
}

/** The cells of an arm, or why there are none. */
export type ArmCells = MeasuredArm | { missing: string };

interface MeasuredArm extends ObservedSide {
  /** Planned cells that have not finished. */
  unfinished: readonly string[];
}

type Arms = ReadonlyMap<string, MeasuredArm>;

type MeasureBy = (key: string) => Measure;

/**
 * Judges claims by one-sided paired t-tests over task orders. For a claim, p is the largest of its hypotheses (all of
 * them have to hold: an intersection–union test); against it, the smallest, times their number (Bonferroni: one that
 * does not hold is enough). Both are adjusted by Holm over the claims that can run, and a claim is supported,
 * or contradicted, where its adjusted p in that direction is at most α; else it is undecided. So of a table whose claims
 * have the same α, some *supported* is false with probability α at most, and so is some *contradicted*. A claim with
 * unfinished cells is undecided and counts in the adjustment as p = 1; not runnable are those of which an arm is missing
 * or a metric was not measured.
 *
 * @param cells of each arm, by its name.
 * @param looks how many looks at growing data α is shared among (Bonferroni).
 * @param metrics that hypotheses may name; the built-in ones without it.
 */
export function judgeClaims(
  claims: readonly RegisteredClaim[],
  cells: Readonly<Record<string, ArmCells>>,
  { looks = 1, metrics }: { looks?: number; metrics?: readonly Metric[] } = {},
): ClaimResult[] {
  const measureBy = (key: string) => measureOf(key, noSuite, undefined, metrics);
  const obstacles = claims.map((claim) => obstacleTo(claim, cells, measureBy));
  const family = obstacles.filter((obstacle) => obstacle === undefined).length * looks;
  const measured = claims.map((claim, index) => measureClaim(claim, cells, obstacles[index], family, measureBy));
  const tested = measured.filter(({ verdict }) => verdict !== "not runnable");
  const supporting = holm(tested.map(({ adjustedP }) => adjustedP ?? 1));
  const opposing = holm(tested.map(({ adjustedPAgainst }) => adjustedPAgainst ?? 1));
  return measured.map((result) => {
    const index = tested.indexOf(result);
    if (index < 0 || result.adjustedP === null) return result;
    const [adjustedP, adjustedPAgainst] = [supporting[index]!, opposing[index]!];
    const level = result.alpha / looks;
    const verdict = adjustedP <= level ? "supported" : adjustedPAgainst <= level ? "contradicted" : "undecided";
    const hypotheses = verdict === "undecided" ? result.hypotheses : result.hypotheses.map(decided);
    return { ...result, adjustedP, adjustedPAgainst, verdict, hypotheses };
  });
}

const decided = (hypothesis: HypothesisResult): HypothesisResult => ({ ...hypothesis, furtherOrders: null });

/** Why a claim cannot be tested: an arm that is missing, or a metric that was not measured in a finished cell. */
function obstacleTo(
  claim: RegisteredClaim,
  cells: Readonly<Record<string, ArmCells>>,
  measureBy: MeasureBy,
): string | undefined {
  for (const name of armsOf(claim)) {
    const arm = cells[name]!;
    if ("missing" in arm) return arm.missing;
  }
  const arms = armsIn(claim, cells);
  return claim.hypotheses.flatMap(({ metric, contrast }) => {
    const measure = measureBy(metric);
    return Object.keys(contrast).flatMap((arm) => {
      const reasons = arms.get(arm)!.cells.map(({ matrix }) => measure.compute(matrix));
      return reasons.flatMap(({ value, reason }) => (value === null ? [`${metric} of ${arm}: ${reason}`] : []));
    });
  })[0];
}

function armsIn(claim: RegisteredClaim, cells: Readonly<Record<string, ArmCells>>): Arms {
  return new Map(armsOf(claim).map((name) => [name, cells[name] as MeasuredArm]));
}

/** Before the adjustment; `adjustedP` and `adjustedPAgainst` are the claim's own. */
function measureClaim(
  { hypotheses, ...claim }: RegisteredClaim,
  cells: Readonly<Record<string, ArmCells>>,
  obstacle: string | undefined,
  family: number,
  measureBy: MeasureBy,
): ClaimResult {
  const nothing = { hypotheses: [], runs: 0, unfinished: [], adjustedP: null, adjustedPAgainst: null };
  if (obstacle !== undefined) return { ...claim, ...nothing, verdict: "not runnable", reason: obstacle };
  const arms = armsIn({ ...claim, hypotheses }, cells);
  const runs = [...arms.values()].reduce((sum, arm) => sum + arm.cells.length, 0);
  const unfinished = [...arms.values()].flatMap((arm) => arm.unfinished);
  if (unfinished.length > 0) {
    const reason = `${unfinished.length} of ${runs + unfinished.length} cells have not finished`;
    const results = hypotheses.map(unmeasured);
    return { ...claim, ...nothing, verdict: "undecided", hypotheses: results, runs, unfinished, reason };
  }
  const results = hypotheses.map((hypothesis) => measureHypothesis(hypothesis, arms, claim.alpha / family, measureBy));
  const known = results.every(({ p }) => p !== null);
  return {
    ...claim,
    ...{ verdict: "undecided", hypotheses: results, runs, unfinished },
    adjustedP: known ? Math.max(...results.map(({ p }) => p!)) : null,
    adjustedPAgainst: known
      ? Math.min(1, results.length * Math.min(...results.map(({ pAgainst }) => pAgainst!)))
      : null,
  };
}

const unmeasured = (hypothesis: Hypothesis): HypothesisResult => ({
  ...hypothesis,
  ...{ mean: null, low: null, high: null, orders: 0, furtherOrders: null, p: null, pAgainst: null },
});

/** @param alpha of each bound. */
function measureHypothesis(hypothesis: Hypothesis, arms: Arms, alpha: number, measureBy: MeasureBy): HypothesisResult {
  const { direction, threshold } = hypothesis;
  const sign = direction === "above" ? 1 : -1;
  const { values, least } = contrastByOrder(hypothesis, arms, measureBy);
  // how far each order is on the hypothesis's side of the threshold
  const distances = values.map((value) => sign * (value - threshold));
  const { mean, low, high, orders, furtherOrders, reason } = judge(distances, { margin: 0, least, alpha });
  const back = (distance: number | null) => (distance === null ? null : threshold + sign * distance);
  const [lower, upper] = direction === "above" ? [low, high] : [high, low];
  const p = orders < leastOrders ? null : oneSidedP(distances, least);
  const result = {
    ...hypothesis,
    ...{ mean: back(mean), low: back(lower), high: back(upper), orders, furtherOrders },
    ...{ p, pAgainst: p === null ? null : 1 - p },
  };
  if (p === null) return { ...result, reason: reason! };
  const level = distances.every((distance) => Math.abs(distance) < rounding);
  return level ? { ...result, reason: "every order is exactly at the threshold" } : result;
}

/** The contrast of each order, over the seeds that every arm has there, and the least spread of one order's. */
function contrastByOrder(
  { metric, contrast }: Hypothesis,
  arms: Arms,
  measureBy: MeasureBy,
): { values: number[]; least: LeastSpread } {
  const measure = measureBy(metric);
  const sums = new Map<string, Observation & { arms: number }>();
  for (const [arm, weight] of Object.entries(contrast)) {
    for (const { order, seed, matrix } of arms.get(arm)!.cells) {
      const key = placeOf({ order, seed });
      const before = sums.get(key) ?? { order, seed, value: 0, arms: 0 };
      const value = before.value + weight * measure.compute(matrix).value!;
      sums.set(key, { ...before, value, arms: before.arms + 1 });
    }
  }
  const complete = [...sums.values()].filter((sum) => sum.arms === Object.keys(contrast).length);
  const spreads = Object.entries(contrast).map(([arm, weight]) => {
    const spread = runSpread(measure, arms.get(arm)!);
    return spread === null ? Number.NaN : weight * spread;
  });
  const least = Math.hypot(...spreads) / Math.sqrt(runsPerOrder(complete));
  return { values: [...orderMeans(complete).values()], least: Number.isNaN(least) ? null : least };
}

/** That the mean is above 0. */
function oneSidedP(values: readonly number[], least: LeastSpread): number | null {
  const p = pairedPValue(values, least);
  if (p === null) return null;
  return values.reduce((sum, value) => sum + value, 0) > 0 ? p / 2 : 1 - p / 2;
}
