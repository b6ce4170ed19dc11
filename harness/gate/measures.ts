import { suggestName } from "../config/suggest-name.js";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import type { Metric, MetricValue } from "../contract/metric.js";
import type { MatrixRecord } from "../contract/result.js";
import { builtInMetrics } from "../metrics/index.js";
import { type AnsweredSuite, itemMeasures } from "./items/item-measures.js";

/** Something of a finished cell that can be compared: a metric, or a final score. */
export interface Measure {
  /** The metric's key, `task:<id>`, `probe:<id>`, or a kind of probe. */
  key: string;
  title: string;
  higherIsBetter: boolean;
  compute(matrix: MatrixRecord): MetricValue;
}

/** The metrics that the matrix of one learner gives; the built-in ones unless others are given. */
export function metricMeasures(metrics: readonly Metric[] = builtInMetrics): readonly Measure[] {
  return metrics.filter(({ needsJoint, needsCurves }) => !needsJoint && !needsCurves);
}

/** The score at the end of each task and probe, and its mean over the probes of each kind; higher is better. */
export function finalMeasures(suite: AnsweredSuite): Measure[] {
  const sets = itemMeasures(suite).filter(({ key }) => key !== "op"); // a metric already
  return sets.map(({ key, title, weights }) => ({
    key,
    title: `${title}, final score`,
    higherIsBetter: true,
    compute(matrix) {
      let value = 0;
      for (const [set, weight] of Object.entries(weights)) {
        const score = finalScore(matrix, set);
        if (score === null) return { value: null, reason: `the final score of ${set} was not measured` };
        value += weight * score;
      }
      return { value };
    },
  }));
}

/** @param set `task:<id>` or `probe:<id>`. */
function finalScore({ tasks, rows, probes }: MatrixRecord, set: string): number | null {
  const [kind, id] = [set.slice(0, set.indexOf(":")), set.slice(set.indexOf(":") + 1)];
  const scores = kind === "task" ? rows.at(-1) : probes[id];
  return scores?.at(kind === "task" ? tasks.indexOf(id) : tasks.length) ?? null;
}

/** What a blessed baseline says of its tasks and probes. */
interface MeasuredSide {
  suite: { tasks: readonly string[] };
  cells: readonly { matrix: MatrixRecord }[];
}

/** The tasks and probes of a trainer's cells. */
export const measuredSuite = ({ cells, suite }: MeasuredSide): AnsweredSuite => ({
  tasks: suite.tasks,
  probes: Object.entries(cells[0]?.matrix.probeKinds ?? {}).map(([id, kind]) => ({ id, kind })),
});

/** A metric alone, without the tasks and probes of a suite. */
export const noSuite: AnsweredSuite = { tasks: [], probes: [] };

/** The measure of a key. Throws UNKNOWN_NAME with the near one. */
export function measureOf(
  key: string,
  suite: AnsweredSuite,
  at?: ErrorLocation,
  metrics: readonly Metric[] = builtInMetrics,
): Measure {
  const known = [...metricMeasures(metrics), ...finalMeasures(suite)];
  const found = known.find((measure) => measure.key === key);
  if (found !== undefined) return found;
  const names = known.map((measure) => measure.key);
  throw new BenchError("UNKNOWN_NAME", `there is no metric "${key}"`, { fix: suggestName(key, names), at });
}
