import type { RunRecord } from "../../../harness/contract/result.js";
import type { ReportData } from "../../report-data.js";
import { type Cell, type Column, type EstimateCell, estimateCell } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { metricAnchor, points } from "../shared/format.js";
import { meanOf } from "../shared/mean-matrix.js";

/** All metrics of all trainers: a row per metric, a column per trainer. */
export interface EveryMetricView {
  columns: string[];
  rows: { metric: Column; cells: EstimateCell[] }[];
}

/** Overall performance in each order: a row per trainer, a column per order. */
export interface ByOrderView {
  columns: string[];
  rows: { name: string; cells: Cell[] }[];
}

/** Metrics over several orders, in addition to those of one matrix. */
const orderMetrics = [
  { key: "orderSensitivity", title: "Order sensitivity, mean over tasks (AOPD)", note: "best minus worst order" },
  { key: "orderSensitivityMax", title: "Order sensitivity, maximum over tasks (MOPD)", note: "best minus worst order" },
];

export function everyMetricView({ metrics }: Pick<ReportData, "metrics">, entries: readonly Entry[]): EveryMetricView {
  const known = [
    ...metrics.map(({ key, title, id }) => ({ key, title, note: id, link: metricAnchor(id) })),
    ...orderMetrics,
  ];
  return {
    columns: entries.map(({ name }) => name),
    rows: known
      .filter(({ key }) => entries.some(({ row }) => (row.metrics[key]?.mean ?? null) !== null))
      .map(({ key, ...metric }) => ({
        metric,
        cells: entries.map(({ row }) => estimateCell(row.metrics[key], points)),
      })),
  };
}

/** Undefined with one order or without matrices, where there is nothing to compare. */
export function byOrderView(
  { run }: { run: Pick<RunRecord, "orders"> },
  entries: readonly Entry[],
): ByOrderView | undefined {
  if (run.orders.length < 2 || entries.every(({ matrices }) => matrices.length === 0)) return undefined;
  return {
    columns: run.orders.map(({ name }) => name),
    rows: entries
      .filter(({ matrices }) => matrices.length > 0)
      .map(({ name, matrices }) => {
        const scores = run.orders.map((order) =>
          meanOf(matrices.filter((matrix) => matrix.order === order.name).map(({ rows }) => meanOf(rows.at(-1) ?? []))),
        );
        const known = scores.filter((score) => score !== null);
        const worst = known.length < 2 || Math.max(...known) === Math.min(...known) ? null : Math.min(...known);
        const cells = scores.map((value) => ({
          value,
          text: points(value),
          ...(value !== null && value === worst ? { note: "worst" } : {}),
        }));
        return { name, cells };
      }),
  };
}
