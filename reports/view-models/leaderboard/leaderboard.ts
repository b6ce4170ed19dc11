import { plural } from "../../../harness/contract/printable.js";
import type { CellRecord, RunRecord } from "../../../harness/contract/result.js";
import { rankText } from "../../../harness/metrics/score-text.js";
import { seedsPerOrder } from "../../../harness/metrics/statistics/clusters.js";
import { rankMark } from "../../charts/rank-mark.js";
import { retentionAxis, retentionMark } from "../../charts/retention-mark.js";
import type { ReportData } from "../../report-data.js";
import { type Cell, type Column, type EstimateCell, estimateCell } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { bytes, count, duration, metricAnchor, missing, points, signedPoints } from "../shared/format.js";
import { type ByOrderView, byOrderView, type EveryMetricView, everyMetricView } from "./every-metric.js";
import { type Chip, chipsOf, isolationChips } from "./privileges.js";

export interface LeaderboardView {
  /** Why there are no ranks, where there are none. */
  notice?: string;
  caption: string;
  axis: string;
  score: Column;
  metrics: Column[];
  costs: (Column & { below?: Column })[];
  rows: LeaderboardRowView[];
  byOrder?: ByOrderView;
  everyMetric: EveryMetricView;
}

export interface LeaderboardRowView {
  name: string;
  anchor: string;
  bound: string | null;
  /** Model and engine, where entries may differ in more than their trainer. */
  origin?: Origin;
  chips: Chip[];
  /** Set where cells of the grid are missing. */
  gap?: string;
  rank: Cell;
  rankMark: string;
  score: EstimateCell;
  /** Half the 95% interval that comes from the number of test items alone. */
  itemError?: string;
  mark: string;
  metrics: (EstimateCell & { title: string })[];
  costs: (Cell & { title: string; below?: Cell & { title: string } })[];
}

/** Model and engine of an entry, and the values it is filtered by. */
export interface Origin {
  text: string;
  privileges: string;
  model: string;
  engine: string;
}

/** Data behind a leaderboard. */
export interface LeaderboardData {
  run: Pick<RunRecord, "orders" | "source"> & { cells: readonly Pick<CellRecord, "order" | "seed">[] };
  metrics: ReportData["metrics"];
  columns?: ReportData["columns"];
}

interface Headline {
  key: string;
  title: string;
  note: string;
  format: typeof points;
}

/** The metrics shown next to overall performance unless a run chooses its own. */
const usualHeadline: readonly Headline[] = [
  {
    key: "learningAccuracy",
    title: "LA",
    note: "Learning accuracy: mean score on each task directly after learning it",
    format: points,
  },
  {
    key: "forgetting",
    title: "Forgetting",
    note: "Mean drop from the best earlier score of each task to its final score; lower is better",
    format: points,
  },
  {
    key: "bwt",
    title: "BWT",
    note: "Backward transfer: mean change of each task from its learning accuracy to its final score",
    format: signedPoints,
  },
  {
    key: "fwt",
    title: "FWT",
    note: "Forward transfer: mean gain on each task before it is learned",
    format: signedPoints,
  },
  {
    key: "generalAbilityDelta",
    title: "General Δ",
    note: "Change of general ability, which no task trains",
    format: signedPoints,
  },
];

/** One kind of cost. */
interface CostColumn {
  key: string;
  title: string;
  note: string;
  /** Key of the column in whose cells it is shown, below. */
  below?: string;
  format(value: number | null | undefined): string;
}

/** The costs shown next to the scores: means over the cells of a trainer. */
export const costColumns: readonly CostColumn[] = [
  { key: "wallSeconds", title: "Time", note: "Wall time per sequence, including evaluation", format: duration },
  { key: "trainedTokens", title: "Tokens", note: "Tokens that gradients were computed for", format: count },
  {
    key: "generatedTokens",
    title: "generated",
    note: "Tokens that training generated and answers took",
    below: "trainedTokens",
    format: count,
  },
  { key: "flops", title: "FLOPs", note: "Floating-point operations, evaluation included", format: count },
  { key: "trainableParameters", title: "Params", note: "Trainable parameters", format: count },
  { key: "bufferSamples", title: "Samples", note: "Stored samples of past tasks", format: count },
  { key: "tensorBytes", title: "Memory", note: "Peak bytes of tensors", format: bytes },
];

/** Those that have a column, with what is shown below their values. */
const foldedCosts = costColumns
  .filter(({ below }) => below === undefined)
  .map((column) => ({ ...column, lower: costColumns.find(({ below }) => below === column.key) }));

function costCell(costs: Entry["row"]["cost"], { key, title, format }: CostColumn): Cell & { title: string } {
  const value = costs[key] ?? null;
  return { title, value, text: format(value), ...(value === null ? { note: "not measured" } : {}) };
}

export function leaderboardView(data: LeaderboardData, entries: readonly Entry[]): LeaderboardView {
  const { orders, cells, source } = data.run;
  const advice = source === undefined ? " Use --orders 3 for intervals and ranks." : "";
  const byOrder = byOrderView(data, entries);
  const headline = headlineOf(data);
  const scoreOf = (bound: Entry["bound"]) => {
    const bounds = entries.filter((entry) => entry.bound === bound);
    return bounds.length === 1 ? (bounds[0]!.row.metrics.op?.mean ?? null) : null;
  };
  const bounds = { floor: scoreOf("lower bound"), ceiling: scoreOf("upper bound") };
  const linkOf = (key: string) => {
    const metric = data.metrics.find((candidate) => candidate.key === key);
    return metric === undefined ? {} : { link: metricAnchor(metric.id) };
  };
  const ranked = entries.filter(({ row }) => row.rank !== null).length;
  return {
    ...(orders.length < 2 ? { notice: `One task order gives no intervals and no ranks.${advice}` } : {}),
    caption: captionOf(orders.length, seedsPerOrder(cells)),
    axis: retentionAxis(),
    score: {
      title: "OP",
      note: "Overall performance: mean score over all tasks after the last one",
      ...linkOf("op"),
    },
    metrics: headline.map(({ key, title, note }) => ({
      title,
      note,
      ascending: data.metrics.find((metric) => metric.key === key)?.higherIsBetter === false,
      ...linkOf(key),
    })),
    costs: foldedCosts.map(({ title, note, lower }) => ({
      title,
      note,
      ascending: true,
      ...(lower && { below: lower }),
    })),
    rows: entries.map((entry) => rowView(entry, bounds, ranked, headline)),
    ...(byOrder === undefined ? {} : { byOrder }),
    everyMetric: everyMetricView(data, entries),
  };
}

/** The metrics that were chosen as columns, or the usual ones. */
function headlineOf({ metrics, columns }: LeaderboardData): readonly Headline[] {
  if (columns === undefined) return usualHeadline;
  return columns.flatMap((key) => {
    const usual = usualHeadline.find((headline) => headline.key === key);
    const metric = metrics.find((one) => one.key === key);
    if (usual !== undefined || metric === undefined) return usual ?? [];
    return { key, title: metric.title, note: metric.formula, format: points };
  });
}

function rowView(
  entry: Entry,
  bounds: { floor: number | null; ceiling: number | null },
  ranked: number,
  headline: readonly Headline[],
): LeaderboardRowView {
  const { row, trainer, bound } = entry;
  const { op, learningAccuracy } = row.metrics;
  const { done, planned } = row.cells;
  const error = op?.itemError;
  return {
    name: entry.name,
    anchor: entry.anchor,
    bound,
    chips: [...chipsOf(trainer.privileges), ...isolationChips(row.isolation)],
    ...(done < planned ? { gap: `${done} of ${plural(planned, "cell")}` } : {}),
    rank: rankCell(entry),
    rankMark: row.rank === null ? "" : rankMark({ ...row.rank, of: ranked }),
    score: estimateCell(op, points),
    ...(error === undefined ? {} : { itemError: points(1.96 * error) }),
    mark: retentionMark({
      learningAccuracy: trainer.schedule === "sequence" ? (learningAccuracy?.mean ?? null) : null,
      final: op?.mean ?? null,
      low: op?.low ?? null,
      high: op?.high ?? null,
      ...bounds,
      reference: bound !== null,
    }),
    metrics: headline.map(({ key, title, format }) => ({ title, ...estimateCell(row.metrics[key], format) })),
    costs: foldedCosts.map(({ lower, ...column }) => ({
      ...costCell(row.cost, column),
      ...(lower && { below: costCell(row.cost, lower) }),
    })),
  };
}

function rankCell({ row: { rank, rankReason } }: Entry): Cell {
  if (rank === null) return { value: null, text: missing, note: rankReason ?? "unranked" };
  return { value: rank.best, text: rankText(rank) };
}

function captionOf(orders: number, seeds: number): string {
  const means = `Means over ${plural(orders, "task order")} with ${plural(seeds, "seed")} each, in points out of 100`;
  const seedsOnly =
    seeds < 2 ? "" : " Seeds: standard deviation over the seeds of the one order; it is no interval over orders.";
  return orders < 2
    ? `${means}.${seedsOnly}`
    : `${means}; ± is half the 95% interval over orders. A rank interval contains the ranks not excluded by paired t-tests on OP over task orders, Holm-adjusted over all pairs of trainers.`;
}
