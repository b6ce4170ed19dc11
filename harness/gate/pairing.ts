import type { MatrixRecord } from "../contract/result.js";
import { type Observation, orderMeans, pairedDifferences } from "../metrics/clusters.js";
import type { Measure } from "./measures.js";

/** A finished cell, as far as pairing needs it. */
export interface Observed {
  order: string;
  seed: number;
  matrix: MatrixRecord;
}

/** How two sides are paired: cell by cell, or, where they share no seed, by the order's mean over seeds. */
export type PairedBy = "order and seed" | "order";

/** Differences of one measure, signed so that positive is better: task order → candidate − baseline. */
export interface Differences {
  byOrder: Map<string, number>;
  /** Why the measure cannot be compared; the map is empty then. */
  reason?: string;
}

/** Cells are paired where the sides share an order and a seed at all; else only their orders are. */
export function pairedBy(baseline: readonly Observed[], candidate: readonly Observed[]): PairedBy {
  const known = new Set(baseline.map(({ order, seed }) => `${seed}|${order}`));
  return candidate.some(({ order, seed }) => known.has(`${seed}|${order}`)) ? "order and seed" : "order";
}

/** One difference for each task order that both sides have, over the pairs that `pairedBy` tells. */
export function differencesOf(
  measure: Measure,
  baseline: readonly Observed[],
  candidate: readonly Observed[],
): Differences {
  const [before, now] = [observe(measure, baseline), observe(measure, candidate)];
  const reason = before.reason ?? now.reason;
  if (reason !== undefined) return { byOrder: new Map(), reason };
  const byOrder =
    pairedBy(baseline, candidate) === "order and seed"
      ? pairedDifferences(now.observations, before.observations)
      : meanDifferences(now.observations, before.observations);
  if (byOrder.size === 0) return { byOrder, reason: "the two share no task order" };
  const sign = measure.higherIsBetter ? 1 : -1;
  return { byOrder: new Map([...byOrder].map(([order, difference]) => [order, sign * difference])) };
}

function observe(measure: Measure, cells: readonly Observed[]): { observations: Observation[]; reason?: string } {
  const observations: Observation[] = [];
  for (const { order, seed, matrix } of cells) {
    const { value, reason } = measure.compute(matrix);
    if (value === null) return { observations: [], reason: reason ?? "it was not measured" };
    observations.push({ order, seed, value });
  }
  return { observations };
}

function meanDifferences(now: readonly Observation[], before: readonly Observation[]): Map<string, number> {
  const baseline = orderMeans(before);
  const shared = [...orderMeans(now)].filter(([order]) => baseline.has(order));
  return new Map(shared.map(([order, value]) => [order, value - baseline.get(order)!]));
}
