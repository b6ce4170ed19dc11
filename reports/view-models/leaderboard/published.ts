import type { ReportData } from "../../report-data.js";
import type { Entry } from "../shared/entries.js";
import { points, signedPoints } from "../shared/format.js";

/** Published results next to the results of this run under the same metrics. */
export interface PublishedView {
  source: string;
  setting: string;
  columns: string[];
  /** Number of columns of this run: the metrics and the name of the trainer. */
  width: number;
  rows: { method: string; theirs: string[]; trainer: string; ours: string[] }[];
}

/** Undefined where the suite has no published results, or none of a trainer of this run. */
export function publishedView({ run }: ReportData, entries: readonly Entry[]): PublishedView | undefined {
  const { published } = run.suite;
  if (published === undefined) return undefined;
  const entryOf = (label: string) => entries.find(({ row }) => row.trainer === label);
  if (!published.rows.some(({ label }) => entryOf(label) !== undefined)) return undefined;
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
      trainer: entryOf(label)?.name ?? "",
      ours: metrics.map((metric) => text(metric, entryOf(label)?.row.metrics[metric]?.mean)),
    })),
  };
}
