import type { Metric, MetricDefinition, MetricValue } from "../contract/metric.js";
import type { MatrixRecord } from "../contract/result.js";
import { abilityMetrics } from "./abilities.js";
import { accuracyMetrics } from "./accuracy.js";
import { metricOf } from "./definition.js";
import { transferMetrics } from "./transfer.js";
import { curveMetrics } from "./within-task/index.js";

/** The built-in metrics of one cell. Those of a comparison (order sensitivity, cost) are on the leaderboard alone. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...accuracyMetrics,
  ...transferMetrics,
  ...abilityMetrics,
  ...curveMetrics,
];

/** The same, ready to be computed. */
export const builtInMetrics: readonly Metric[] = metricDefinitions.map(metricOf);

/** The overall performance, by which a leaderboard is ordered. */
export const overallPerformance: Metric = builtInMetrics.find(({ key }) => key === "op")!;

/**
 * Computes every metric that a matrix allows, by key. One that lacks cells is null with its reason.
 *
 * @param joint the matrix of a learner trained jointly on all tasks; metrics that need it are null without it.
 * @param metrics the built-in ones without it.
 */
export function computeMetrics(
  matrix: MatrixRecord,
  joint?: MatrixRecord,
  metrics: readonly Metric[] = builtInMetrics,
): Record<string, MetricValue> {
  return Object.fromEntries(metricsOfMatrices(metrics).map(({ key, compute }) => [key, compute(matrix, joint)]));
}

/** The metrics that need no scores within tasks. */
export const metricsOfMatrices = (metrics: readonly Metric[]): Metric[] =>
  metrics.filter(({ needsCurves }) => needsCurves !== true);
