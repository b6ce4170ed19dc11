import type { Metric } from "../../../harness/contract/metric.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { mean, range } from "../../../harness/metrics/definition.js";
import { type Trajectory, trajectoryChart } from "../../charts/trajectories.js";
import type { Entry } from "../shared/entries.js";
import { points } from "../shared/format.js";
import type { TradeOffView } from "./trade-offs.js";

/** The metric whose course is drawn: a suite that measures what learning costs language has it. */
const lossKey = "linguisticLoss";

/** Scores on the tasks against the loss of language over the sequence; undefined where a suite has no such metric. */
export function languageLossView(entries: readonly Entry[], metrics: readonly Metric[]): TradeOffView | undefined {
  const metric = metrics.find(({ key }) => key === lossKey);
  if (metric === undefined) return undefined;
  const trajectories = entries.flatMap((entry): Trajectory[] => {
    const own = trajectoryOf(entry.matrices, metric);
    return own.length < 2 ? [] : [{ name: entry.name, points: own, reference: entry.bound !== null }];
  });
  if (trajectories.length === 0) return undefined;
  const title = "Accuracy against linguistic loss";
  const ends = trajectories.map(({ name, points: own }) => ({ name, ...own.at(-1)! }));
  return {
    title,
    chart: trajectoryChart({
      id: "accuracy-against-linguistic-loss",
      title,
      axis: "Linguistic loss, points →",
      description: ends.map(({ name, x, y }) => `${name}: ${points(y)} at a loss of ${x.toFixed(1)}`).join("; "),
      trajectories,
    }),
    note: "Mean score on all tasks of the suite against what the text probes have lost since before training, after each task. Higher is better, further left keeps more language.",
    columns: ["Trainer", "Linguistic loss, points", "Mean score"],
    rows: ends.map(({ name, x, y }) => ({
      name,
      cells: [
        { value: x, text: x.toFixed(1) },
        { value: y, text: points(y) },
      ],
    })),
  };
}

/** The mean over runs of loss and score after each task; rows that a run did not measure are left out. */
function trajectoryOf(matrices: readonly MatrixRecord[], metric: Metric): Trajectory["points"] {
  const count = matrices[0]?.tasks.length ?? 0;
  return range(0, count).flatMap((row) => {
    const losses = matrices.map((matrix) =>
      row === 0 ? startOf(matrix, metric) : metric.compute(upTo(matrix, row)).value,
    );
    const scores = matrices.flatMap(({ rows }) => rows[row] ?? []);
    if (losses.includes(null) || scores.length === 0 || scores.includes(null)) return [];
    return [{ x: 100 * mean(losses as number[]), y: mean(scores as number[]) }];
  });
}

/** Nothing is lost before training, where the metric can be computed at all. */
const startOf = (matrix: MatrixRecord, metric: Metric): number | null =>
  metric.compute(matrix).value === null ? null : 0;

/** A matrix as it was after so many tasks. */
function upTo(matrix: MatrixRecord, row: number): MatrixRecord {
  return { ...matrix, tasks: matrix.tasks.slice(0, row), rows: matrix.rows.slice(0, row + 1) };
}
