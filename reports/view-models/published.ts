import type { ReportData } from "../report-data.js";
import type { Entry } from "./entries.js";
import { points, signedPoints } from "./format.js";

/** What a paper printed, beside what this run measured under the same definitions. */
export interface PublishedView {
  source: string;
  setting: string;
  columns: string[];
  /** Columns of this run: the metrics and the trainer's name. */
  width: number;
  rows: { method: string; theirs: string[]; trainer: string; ours: string[] }[];
}

/** Undefined where the suite has no published figures, or no trainer of the run stands beside one of their rows. */
export function publishedView({ run }: ReportData, entries: readonly Entry[]): PublishedView | undefined {
  const { published } = run.suite;
  if (published === undefined) return undefined;
  const beside = (label: string) => entries.find(({ row }) => row.trainer === label);
  if (!published.rows.some(({ label }) => beside(label) !== undefined)) return undefined;
  const { source, setting, metrics, names } = published;
  const text = (metric: string, value: number | null | undefined) =>
    metric === "bwt" ? signedPoints(value) : points(value);
  return {
    source,
    setting,
    columns: metrics.map((metric) => names[metric] ?? metric),
    width: metrics.length + 1,
    rows: published.rows.map(({ method, label, values }) => ({
      method,
      theirs: metrics.map((metric) => text(metric, values[metric])),
      trainer: beside(label)?.name ?? "",
      ours: metrics.map((metric) => text(metric, beside(label)?.row.metrics[metric]?.mean)),
    })),
  };
}
