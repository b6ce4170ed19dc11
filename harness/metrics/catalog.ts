import type { MatrixRecord } from "../contract/result.js";
import { abilityMetrics } from "./abilities.js";
import { accuracyMetrics } from "./accuracy.js";
import type { MetricDefinition, MetricDescription, MetricValue } from "./definition.js";
import { transferMetrics } from "./transfer.js";
import { curveMetrics } from "./within-task/index.js";

/** Every metric of one matrix. Those of a comparison (order sensitivity, cost) stand on the leaderboard alone. */
export const metrics: readonly MetricDefinition[] = [...accuracyMetrics, ...transferMetrics, ...abilityMetrics];

/** Every metric of one cell: those of its matrix, then those of its scores within tasks. */
export const cellMetrics: readonly MetricDescription[] = [...metrics, ...curveMetrics];

/**
 * Computes every metric of a matrix, by key. One that lacks cells is null with its reason.
 *
 * @param joint the matrix of a learner trained on all tasks at once; without it intransigence is null.
 */
export function computeMetrics(matrix: MatrixRecord, joint?: MatrixRecord): Record<string, MetricValue> {
  return Object.fromEntries(metrics.map(({ key, compute }) => [key, compute(matrix, joint)]));
}
