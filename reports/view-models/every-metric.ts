import type { RunRecord } from "../../harness/contract/result.js";
import type { ReportData } from "../report-data.js";
import { metricAnchor } from "./anchors.js";
import type { Cell, Column, EstimateCell } from "./cell.js";
import type { Entry } from "./entries.js";
import { estimateCell } from "./estimate.js";
import { points } from "./format.js";
import { meanOf } from "./mean-matrix.js";

/** All metrics of all trainers: metrics down, trainers across. */
export interface EveryMetricView {
  columns: string[];
  rows: { metric: Column; cells: EstimateCell[] }[];
}

/** The score at the end in each order: trainers down, orders across. */
export interface ByOrderView {
  columns: string[];
  rows: { name: string; cells: Cell[] }[];
}

/** What a comparison of orders gives, beside the metrics of one matrix. */
const orderMetrics = [
  { key: "orderSensitivity", title: "Order sensitivity, mean over tasks (AOPD)", note: "best less worst order" },
  { key: "orderSensitivityMax", title: "Order sensitivity, most of a task (MOPD)", note: "best less worst order" },
];

export function everyMetricView({ metrics }: Pick<ReportData, "metrics">, entries: readonly Entry[]): EveryMetricView {
  const known = [
    ...metrics.map(({ key, title, id }) => ({ key, title, note: id, link: `#${metricAnchor(id)}` })),
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
