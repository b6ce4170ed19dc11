import { packages } from "../../contract/packages.js";
import { mean, sum } from "../../metrics/definition.js";
import { standardDeviation, studentQuantile } from "../../metrics/statistics/statistics.js";
import { type Bounds, bootstrapBounds } from "../bootstrap.js";
import { mostForStudent } from "../bounds.js";
import type { PairedSet } from "./pair-items.js";

/**
 * One-sided limits of the mean difference of a set, each wrong with probability α: Tango's score limits for answers that
 * are right or wrong, the BCa bootstrap over items for graded scores, a t interval over groups where items come in
 * groups. No limit is nearer to the mean than that of as many right-or-wrong answers none of which flipped.
 */
export function setLimits({ pairs, binary, grouped }: PairedSet, alpha: number): Bounds {
  const differences = pairs.map(({ baseline, candidate }) => candidate - baseline);
  if (binary && !grouped) {
    const count = (difference: number) => differences.filter((value) => value === difference).length;
    return tangoLimits(count(1), count(-1), pairs.length, alpha);
  }
  const center = mean(differences);
  const units = grouped ? groupResiduals(pairs, center) : differences.map((difference) => difference - center);
  const { low, high } =
    !grouped && units.length > mostForStudent ? bootstrapBounds(units, alpha) : studentLimits(units, alpha);
  const least = unflipped(units.length, alpha);
  return { low: center + Math.min(low, -least), high: center + Math.max(high, least) };
}

/** The limit for n right-or-wrong answers none of which flipped: z²/(n + z²). */
export function unflipped(items: number, alpha: number): number {
  const z = packages.jStat.normal.inv(1 - alpha, 0, 1);
  return z ** 2 / (items + z ** 2);
}

/**
 * Score limits of the difference of two paired proportions (Tango 1998, "Equivalence test and confidence interval for
 * the difference in proportions for the paired-sample design"): the Δ at which
 * (gained − lost − nΔ) / √(n (2 q + Δ(1 − Δ))) is ±z, with q the likeliest share of lost answers under Δ.
 */
export function tangoLimits(gained: number, lost: number, n: number, alpha: number): Bounds {
  const z = packages.jStat.normal.inv(1 - alpha, 0, 1);
  const center = (gained - lost) / n;
  const low = bisect(-1, center, (delta) => score(gained, lost, n, delta) > z);
  return { low, high: bisect(center, 1, (delta) => score(gained, lost, n, delta) > -z) };
}

function score(gained: number, lost: number, n: number, delta: number): number {
  const b = -gained - lost + (2 * n - gained + lost) * delta;
  const c = -lost * delta * (1 - delta);
  const q = (Math.sqrt(Math.max(0, b ** 2 - 8 * n * c)) - b) / (4 * n);
  const distance = gained - lost - n * delta;
  const variance = n * (2 * q + delta * (1 - delta));
  return variance > 0 ? distance / Math.sqrt(variance) : Math.sign(distance) * Number.POSITIVE_INFINITY;
}

/** Where a condition that holds at `from` and not at `to` ceases to hold. */
function bisect(from: number, to: number, holds: (value: number) => boolean): number {
  let [yes, no] = [from, to];
  for (let step = 0; step < 60; step++) {
    const middle = (yes + no) / 2;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return (yes + no) / 2;
}

/** What each group adds to the error of the mean over items: G (Σ (d − d̄)) / n. */
function groupResiduals(pairs: PairedSet["pairs"], center: number): number[] {
  const totals = new Map<string, number>();
  for (const { id, group = id, baseline, candidate } of pairs) {
    totals.set(group, (totals.get(group) ?? 0) + candidate - baseline - center);
  }
  return [...totals.values()].map((total) => (total * totals.size) / pairs.length);
}

function studentLimits(values: readonly number[], alpha: number): Bounds {
  if (values.length < 2) return { low: -1, high: 1 };
  const half = (studentQuantile(1 - alpha, values.length) * standardDeviation(values)) / Math.sqrt(values.length);
  return { low: -half, high: half };
}

/** The limits of a weighted mean over sets (MOVER; Zou and Donner 2008): each set's distance, in quadrature. */
export function combinedLimits(
  sets: readonly { weight: number; difference: number; limits: Bounds }[],
): Bounds & { difference: number } {
  const difference = sum(sets.map(({ weight, difference }) => weight * difference));
  const distance = (end: keyof Bounds) =>
    Math.hypot(...sets.map(({ weight, difference, limits }) => weight * (difference - limits[end])));
  return { difference, low: difference - distance("low"), high: difference + distance("high") };
}
