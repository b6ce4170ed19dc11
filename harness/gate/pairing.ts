import type { MatrixRecord } from "../contract/result.js";
import {
  groupBy,
  type Observation,
  orderMeans,
  pairedDifferences,
  placeOf,
  runsPerOrder,
} from "../metrics/statistics/clusters.js";
import { differenceSpread, itemSpread, type LeastSpread } from "../metrics/statistics/least-spread.js";
import type { Measure } from "./measures.js";

/** A finished cell, as far as pairing needs it. */
export interface Observed {
  /** Absent in baselines of earlier versions. */
  id?: string;
  order: string;
  seed: number;
  matrix: MatrixRecord;
}

/** What is compared: the cells of one trainer. */
export interface ObservedSide {
  cells: readonly Observed[];
  /** Whether nothing is random in the trainer. */
  deterministic: boolean;
  /** Whether it is evaluated once, so that all rows are one measurement. */
  repeats?: boolean;
}

/** How two sides are paired: cell by cell, or, where the sides share no seeds, by the order's mean over seeds. */
export type PairedBy = "order and seed" | "order";

/** Differences of one measure, signed so that positive is better. */
export interface Differences {
  /** Task order → candidate − baseline, over its seeds. */
  byOrder: Map<string, number>;
  /** Of one order's difference. */
  least: LeastSpread;
  /** Why the measure cannot be compared; the map is empty then. */
  reason?: string;
}

/** Cells are paired where the two share a seed in every order that both have; else their orders are. */
export function pairedBy(baseline: readonly Observed[], candidate: readonly Observed[]): PairedBy {
  const places = new Set(baseline.map(placeOf));
  const orders = new Set(baseline.map(({ order }) => order));
  const shared = [...groupBy(candidate, ({ order }) => order)].filter(([order]) => orders.has(order));
  const all = shared.every(([, cells]) => cells.some((cell) => places.has(placeOf(cell))));
  return shared.length > 0 && all ? "order and seed" : "order";
}

/** One difference for each task order that both sides have, over the pairs that `pairedBy` names. */
export function differencesOf(measure: Measure, baseline: ObservedSide, candidate: ObservedSide): Differences {
  const [before, now] = [observe(measure, baseline), observe(measure, candidate)];
  const reason = before.reason ?? now.reason;
  if (reason !== undefined) return { byOrder: new Map(), least: null, reason };
  const { byOrder, least } =
    pairedBy(baseline.cells, candidate.cells) === "order and seed" ? byCell(now, before) : byMeans(now, before);
  if (byOrder.size === 0) return { byOrder, least: null, reason: "the two share no task order" };
  const sign = measure.higherIsBetter ? 1 : -1;
  return { byOrder: new Map([...byOrder].map(([order, difference]) => [order, sign * difference])), least };
}

interface Observations {
  runs: (Observation & { id?: string })[];
  /** Of one run. */
  least: LeastSpread;
  reason?: string;
}

function observe(measure: Measure, side: ObservedSide): Observations {
  const runs: Observations["runs"] = [];
  for (const { id, order, seed, matrix } of side.cells) {
    const { value, reason } = measure.compute(matrix);
    if (value === null) return { runs: [], least: null, reason: reason ?? "it was not measured" };
    runs.push({ ...(id !== undefined && { id }), order, seed, value });
  }
  return { runs, least: runSpread(measure, side) };
}

/** The least standard deviation of a measure over the runs of a side: 0 where nothing is random. */
export function runSpread(measure: Measure, { cells, deterministic, repeats }: ObservedSide): LeastSpread {
  if (deterministic || cells.length === 0) return 0;
  return itemSpread((matrix) => measure.compute(matrix), cells[0]!.matrix, repeats);
}

/** A cell that both sides hold, by its digest, differs in nothing from itself. */
function byCell(now: Observations, before: Observations): Pick<Differences, "byOrder" | "least"> {
  const pairs = pairedDifferences(now.runs, before.runs);
  const known = new Set(before.runs.map(({ id }) => id));
  const paired = new Set(pairs.map(placeOf));
  const same = now.runs.every((run) => !paired.has(placeOf(run)) || (run.id !== undefined && known.has(run.id)));
  const least = same ? 0 : differenceSpread(now.least, before.least, runsPerOrder(pairs));
  return { byOrder: orderMeans(pairs), least };
}

function byMeans(now: Observations, before: Observations): Pick<Differences, "byOrder" | "least"> {
  const baseline = orderMeans(before.runs);
  const shared = [...orderMeans(now.runs)].filter(([order]) => baseline.has(order));
  const least = ({ runs, least }: Observations) => least && least / Math.sqrt(runsPerOrder(runs));
  return {
    byOrder: new Map(shared.map(([order, value]) => [order, value - baseline.get(order)!])),
    least: differenceSpread(least(now), least(before), 1),
  };
}
