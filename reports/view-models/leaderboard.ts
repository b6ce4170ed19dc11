import type { Estimate } from "../../harness/contract/result.js";
import type { MetricDefinition } from "../../harness/metrics/index.js";
import { rankMark } from "../charts/rank-mark.js";
import { retentionAxis, retentionMark } from "../charts/retention-mark.js";
import type { ReportData } from "../report-data.js";
import type { Cell, Column } from "./cell.js";
import { costColumns } from "./cost-columns.js";
import type { Entry } from "./entries.js";
import { missing, plural, points, signedPoints } from "./format.js";
import { itemError } from "./item-error.js";
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
  everyMetric: { columns: string[]; rows: { metric: Column; cells: Cell[] }[] };
}

export interface LeaderboardRowView {
  name: string;
  anchor: string;
  source: string;
  bound: string | null;
  chips: Chip[];
  /** Said where cells of the grid are missing. */
  gap?: string;
  rank: Cell;
  rankMark: string;
  score: Cell;
  itemError?: string;
  mark: string;
  metrics: Cell[];
  costs: Cell[];
}

/** The metrics that stand beside the final score; stability and plasticity are a pair. */
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
    note: "Change of general ability, never trained here",
    format: signedPoints,
  },
];

export function leaderboardView({ run, leaderboard, metrics }: ReportData, entries: readonly Entry[]): LeaderboardView {
  const ranked = entries.filter(({ row }) => row.rank !== null).length;
  const scoreOfBound = (bound: Entry["bound"]) =>
    entries.find((entry) => entry.bound === bound)?.row.metrics.op?.mean ?? null;
  const references = { floor: scoreOfBound("lower bound"), ceiling: scoreOfBound("upper bound") };
  const linkTo = (key: string) => {
    const metric = metrics.find((candidate) => candidate.key === key);
    return metric && `#${metricAnchor(metric)}`;
  };
  return {
    ...(leaderboard.orders < 2 ? { notice: "One task order: no interval, no rank. Run again with --orders 3." } : {}),
    caption: captionOf(run.orders.length, run.seeds.length),
    axis: retentionAxis(),
    score: { title: "Score at the end", note: "Mean over all tasks after the last one", link: linkTo("op") },
    metrics: headline.map(({ key, title, note }) => ({ title, note, link: linkTo(key) })),
    costs: costColumns.map(({ title, note }) => ({ title, note })),
    rows: entries.map((entry) => rowView(entry, references, ranked)),
    everyMetric: {
      columns: entries.map(({ name }) => name),
      rows: metrics
        .filter(({ key }) => entries.some(({ row }) => row.metrics[key] !== undefined))
        .map((metric) => ({
          metric: { title: metric.title, note: metric.id, link: `#${metricAnchor(metric)}` },
          cells: entries.map(({ row }) =>
            estimateCell(row.metrics[metric.key], metric.key === "op" ? points : signedPoints),
          ),
        })),
    },
  };
}

/** Where the glossary explains a metric. */
export function metricAnchor({ id }: Pick<MetricDefinition, "id">): string {
  return `metric-${id.replace(/[^\w.-]+/g, "-")}`;
}

/** A mean with half its interval; the reason where there is none. */
export function estimateCell(estimate: Estimate | undefined, format: (value: number | null) => string): Cell {
  if (estimate === undefined || estimate.mean === null) {
    return { value: null, text: missing, note: estimate?.reason ?? "not measured" };
  }
  const { mean, low, high, n } = estimate;
  if (low === null || high === null) return { value: mean, text: format(mean) };
  const half = points((high - low) / 2);
  return {
    value: mean,
    text: `${format(mean)} ± ${half}`,
    note: `95% interval ${points(low)} to ${points(high)} over ${plural(n, "order")}`,
  };
}

function rowView(
  entry: Entry,
  references: { floor: number | null; ceiling: number | null },
  ranked: number,
): LeaderboardRowView {
  const { row, trainer, bound, matrices } = entry;
  const { op, learningAccuracy } = row.metrics;
  const error = itemError(matrices);
  const learned = trainer.schedule === "sequence" ? (learningAccuracy?.mean ?? null) : null;
  const planned = row.cells.planned;
  return {
    name: entry.name,
    anchor: entry.anchor,
    source: trainer.source,
    bound,
    chips: chipsOf(trainer.privileges),
    ...(row.cells.done < planned ? { gap: `${row.cells.done} of ${plural(planned, "cell")}` } : {}),
    rank: rankCell(entry),
    rankMark: row.rank === null ? "" : rankMark({ ...row.rank, of: ranked }),
    score: estimateCell(op, points),
    ...(error === null ? {} : { itemError: points(error) }),
    mark: retentionMark({
      learned,
      final: op?.mean ?? null,
      low: op?.low ?? null,
      high: op?.high ?? null,
      ...references,
      reference: bound !== null,
    }),
    metrics: headline.map(({ key, format }) => estimateCell(row.metrics[key], format)),
    costs: costColumns.map(({ key, format }) => {
      const value = row.cost[key] ?? null;
      return { value, text: format(value), ...(value === null ? { note: "not measured" } : {}) };
    }),
  };
}

function rankCell({ row: { rank, rankReason } }: Entry): Cell {
  if (rank === null) return { value: null, text: missing, note: rankReason ?? "unranked" };
  return { value: rank.best, text: rank.best === rank.worst ? String(rank.best) : `${rank.best}–${rank.worst}` };
}

function captionOf(orders: number, seeds: number): string {
  const means = `Means over ${plural(orders, "task order")} and ${plural(seeds, "seed")}, in points out of 100`;
  return orders < 2 ? `${means}.` : `${means}; ± is half the 95% interval over orders.`;
}
