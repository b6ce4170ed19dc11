import type { CellRecord, RunRecord } from "../../harness/contract/result.js";
import { seedsPerOrder } from "../../harness/metrics/clusters.js";
import { rankMark } from "../charts/rank-mark.js";
import { retentionAxis, retentionMark } from "../charts/retention-mark.js";
import type { ReportData } from "../report-data.js";
import type { Cell, Column, EstimateCell } from "./cell.js";
import { costColumns } from "./cost-columns.js";
import type { Entry } from "./entries.js";
import { estimateCell } from "./estimate.js";
import { type ByOrderView, byOrderView, type EveryMetricView, everyMetricView } from "./every-metric.js";
import { missing, plural, points, signedPoints } from "./format.js";
import { type Chip, chipsOf } from "./privileges.js";

export interface LeaderboardView {
  /** Why there are no ranks, where there are none. */
  notice?: string;
  caption: string;
  axis: string;
  score: Column;
  metrics: Column[];
  costs: Column[];
  rows: LeaderboardRowView[];
  byOrder?: ByOrderView;
  everyMetric: EveryMetricView;
}

export interface LeaderboardRowView {
  name: string;
  anchor: string;
  bound: string | null;
  /** Where entries differ in more than their trainer: on what they ran. */
  origin?: Origin;
  chips: Chip[];
  /** Said where cells of the grid are missing. */
  gap?: string;
  rank: Cell;
  rankMark: string;
  score: EstimateCell;
  /** Half the 95% interval that comes from the number of test items alone. */
  itemError?: string;
  mark: string;
  metrics: (EstimateCell & { title: string })[];
  costs: (Cell & { title: string })[];
}

/** What an entry ran on, and what it can be filtered by. */
export interface Origin {
  text: string;
  privileges: string;
  model: string;
  engine: string;
}

/** What a leaderboard is shown from. */
export interface LeaderboardData {
  run: Pick<RunRecord, "orders" | "source"> & { cells: readonly Pick<CellRecord, "order" | "seed">[] };
  metrics: ReportData["metrics"];
}

/** The metrics that stand beside the score at the end; stability and plasticity are a pair. */
const headline = [
  { key: "learningAccuracy", title: "Learned", note: "Score on each task when it was just learned", format: points },
  {
    key: "forgetting",
    title: "Forgotten",
    note: "Fall from the best score of earlier tasks; less is better",
    format: points,
  },
  {
    key: "bwt",
    title: "Backward",
    note: "Backward transfer: what later tasks did to earlier ones",
    format: signedPoints,
  },
  {
    key: "fwt",
    title: "Forward",
    note: "Forward transfer: what earlier tasks did for later ones",
    format: signedPoints,
  },
  {
    key: "generalAbilityDelta",
    title: "General",
    note: "Change of general ability, which is never trained here",
    format: signedPoints,
  },
];

export function leaderboardView(data: LeaderboardData, entries: readonly Entry[]): LeaderboardView {
  const { orders, cells, source } = data.run;
  const advice = source === undefined ? " Run again with --orders 3." : "";
  const byOrder = byOrderView(data, entries);
  const scoreOf = (bound: Entry["bound"]) => {
    const bounds = entries.filter((entry) => entry.bound === bound);
    return bounds.length === 1 ? (bounds[0]!.row.metrics.op?.mean ?? null) : null;
  };
  const bounds = { floor: scoreOf("lower bound"), ceiling: scoreOf("upper bound") };
  const ranked = entries.filter(({ row }) => row.rank !== null).length;
  return {
    ...(orders.length < 2 ? { notice: `One task order: no interval, no rank.${advice}` } : {}),
    caption: captionOf(orders.length, seedsPerOrder(cells)),
    axis: retentionAxis(),
    score: { title: "Score at the end", note: "Mean over all tasks after the last one" },
    metrics: headline.map(({ key, title, note }) => ({ title, note, ascending: key === "forgetting" })),
    costs: costColumns.map(({ title, note }) => ({ title, note, ascending: true })),
    rows: entries.map((entry) => rowView(entry, bounds, ranked)),
    ...(byOrder === undefined ? {} : { byOrder }),
    everyMetric: everyMetricView(data, entries),
  };
}

function rowView(
  entry: Entry,
  bounds: { floor: number | null; ceiling: number | null },
  ranked: number,
): LeaderboardRowView {
  const { row, trainer, bound } = entry;
  const { op, learningAccuracy } = row.metrics;
  const { done, planned } = row.cells;
  const error = op?.itemError;
  return {
    name: entry.name,
    anchor: entry.anchor,
    bound,
    chips: chipsOf(trainer.privileges),
    ...(done < planned ? { gap: `${done} of ${plural(planned, "cell")}` } : {}),
    rank: rankCell(entry),
    rankMark: row.rank === null ? "" : rankMark({ ...row.rank, of: ranked }),
    score: estimateCell(op, points),
    ...(error === undefined ? {} : { itemError: points(1.96 * error) }),
    mark: retentionMark({
      learned: trainer.schedule === "sequence" ? (learningAccuracy?.mean ?? null) : null,
      final: op?.mean ?? null,
      low: op?.low ?? null,
      high: op?.high ?? null,
      ...bounds,
      reference: bound !== null,
    }),
    metrics: headline.map(({ key, title, format }) => ({ title, ...estimateCell(row.metrics[key], format) })),
    costs: costColumns.map(({ key, title, format }) => {
      const value = row.cost[key] ?? null;
      return { title, value, text: format(value), ...(value === null ? { note: "not measured" } : {}) };
    }),
  };
}

function rankCell({ row: { rank, rankReason } }: Entry): Cell {
  if (rank === null) return { value: null, text: missing, note: rankReason ?? "unranked" };
  return { value: rank.best, text: rank.best === rank.worst ? String(rank.best) : `${rank.best}–${rank.worst}` };
}

function captionOf(orders: number, seeds: number): string {
  const means = `Means over ${plural(orders, "task order")} with ${plural(seeds, "seed")} each, in points out of 100`;
  return orders < 2 ? `${means}.` : `${means}; ± is half the 95% interval over orders.`;
}
