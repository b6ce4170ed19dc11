import { suggestName } from "../config/suggest-name.js";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import type { Metric, MetricValue } from "../contract/metric.js";
import type { MatrixRecord } from "../contract/result.js";
import { builtInMetrics } from "../metrics/index.js";

/** Something of a finished cell that can be compared: a metric, or the final score of one task. */
export interface Measure {
  /** The metric's key, or `task:<id>`. */
  key: string;
  title: string;
  higherIsBetter: boolean;
  compute(matrix: MatrixRecord): MetricValue;
}

const taskPrefix = "task:";

/** The metrics that the matrix of one learner gives; the built-in ones unless others are given. */
export function metricMeasures(metrics: readonly Metric[] = builtInMetrics): readonly Measure[] {
  return metrics.filter(({ needsJoint, needsCurves }) => !needsJoint && !needsCurves);
}

/** The score R[T, j] of each task at the end, higher is better. */
export function taskMeasures(tasks: readonly string[]): Measure[] {
  return tasks.map((task) => ({
    key: `${taskPrefix}${task}`,
    title: `${task}, final score`,
    higherIsBetter: true,
    compute(matrix) {
      const value = matrix.rows.at(-1)?.[matrix.tasks.indexOf(task)] ?? null;
      return value === null ? { value, reason: `the final score of "${task}" was not measured` } : { value };
    },
  }));
}

/** The measure of a key. Throws UNKNOWN_NAME with the near one. */
export function measureOf(
  key: string,
  tasks: readonly string[],
  at?: ErrorLocation,
  metrics: readonly Metric[] = builtInMetrics,
): Measure {
  const known = [...metricMeasures(metrics), ...taskMeasures(tasks)];
  const found = known.find((measure) => measure.key === key);
  if (found !== undefined) return found;
  const names = known.map((measure) => measure.key);
  throw new BenchError("UNKNOWN_NAME", `there is no metric "${key}"`, { fix: suggestName(key, names), at });
}
