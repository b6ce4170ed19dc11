import { packages } from "../../contract/packages.js";
import { sum } from "../../metrics/definition.js";
import { type Answers, unitsOf } from "./answers.js";
import type { ItemMeasure } from "./item-measures.js";
import { combinedLimits, setLimits, unflipped } from "./limits.js";
import { type PairedSet, pairItems } from "./pair-items.js";
import { mcnemar, signFlips } from "./tests.js";

/** What the items say about one measure. */
export interface ItemEvidence {
  /** Candidate − baseline, positive is better. */
  difference: number;
  /** One-sided limits, each wrong with probability α. */
  low: number;
  high: number;
  items: number;
  /** Items whose score rose, and fell. */
  gained: number;
  lost: number;
  /** Two-sided, that the two do not differ at all. */
  p: number;
  test: "exact McNemar" | "paired permutation";
  /** The nearest that a limit can come to the difference on so many items. */
  least: number;
}

/** One-sided limits of a measure's difference, each wrong with probability α, and the sets behind them. */
export function itemLimits(measure: ItemMeasure, baseline: Answers, candidate: Answers, alpha: number) {
  const sets = Object.entries(measure.weights).map(([key, weight]) => {
    const set = pairItems(key, baseline, candidate);
    const difference = sum(set.pairs.map((pair) => pair.candidate - pair.baseline)) / set.pairs.length;
    return { set, weight, difference, limits: setLimits(set, alpha) };
  });
  return { ...combinedLimits(sets), sets };
}

/** Compares two evaluated models on one measure, by the items that both answered. */
export function compareItems(measure: ItemMeasure, baseline: Answers, candidate: Answers, alpha: number): ItemEvidence {
  const { sets, ...limits } = itemLimits(measure, baseline, candidate, alpha);
  const pairs = sets.flatMap(({ set }) => set.pairs);
  const gained = pairs.filter((pair) => pair.candidate > pair.baseline).length;
  const lost = pairs.filter((pair) => pair.candidate < pair.baseline).length;
  const exact = sets.length === 1 && sets[0]!.set.binary && !sets[0]!.set.grouped;
  return {
    ...limits,
    ...{ items: pairs.length, gained, lost },
    p: exact ? mcnemar(gained, lost) : signFlips(sets.flatMap(({ set, weight }) => moves(set, weight))),
    test: exact ? "exact McNemar" : "paired permutation",
    least: Math.hypot(...sets.map(({ set, weight }) => weight * unflipped(unitsOf(set.pairs), alpha))),
  };
}

/** The weighted difference of each item, or of each group of items. */
function moves({ pairs }: PairedSet, weight: number): number[] {
  const totals = new Map<string, number>();
  for (const { id, group = id, baseline, candidate } of pairs) {
    totals.set(group, (totals.get(group) ?? 0) + ((candidate - baseline) * weight) / pairs.length);
  }
  return [...totals.values()];
}

/** How far a comparison reaches before it is made, on so many items of each set. */
export interface Reach {
  items: number;
  /** The smallest margin that any outcome could pass. */
  leastMargin: number;
  /** The smallest margin by which an unchanged model passes with 80%, and the fall that a margin of δ fails with 80%. */
  passingMargin: number;
  detectableFall: number;
}

const power = 0.8;

/**
 * @param counts independent items of each set of the measure.
 * @param flips the share of answers that two models of equal skill give differently.
 */
export function reachOf(
  { weights }: ItemMeasure,
  counts: Readonly<Record<string, number>>,
  margin: number,
  alpha: number,
  flips: number,
): Reach {
  const sets = Object.entries(weights).map(([key, weight]) => ({ weight, count: counts[key] ?? 0 }));
  const { normal } = packages.jStat;
  const z = normal.inv(1 - alpha, 0, 1) + normal.inv(power, 0, 1);
  const noise = (share: number) =>
    z * Math.hypot(...sets.map(({ weight, count }) => weight * Math.sqrt(share / count)));
  const leastMargin = Math.hypot(...sets.map(({ weight, count }) => weight * unflipped(count, alpha)));
  let fall = margin + noise(flips);
  for (let round = 0; round < 50; round++) fall = Math.min(1, margin + noise(Math.max(flips, fall)));
  return {
    items: sum(sets.map(({ count }) => count)),
    leastMargin,
    passingMargin: Math.max(leastMargin, noise(flips)),
    detectableFall: fall,
  };
}
