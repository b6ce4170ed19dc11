import type { Metric, MetricValue } from "../contract/metric.js";
import type { CellRecord } from "../contract/result.js";
import { builtInMetrics } from "./catalog.js";
import type { LeaderboardSource } from "./leaderboard.js";
import { placeOf } from "./statistics/clusters.js";

/**
 * Every metric of one finished cell by key, null with its reason where something is missing. Joint training of the same
 * order and seed is the reference of the metrics that need one.
 *
 * @param metrics the built-in ones without it.
 */
export function metricsOfCell(
  { run, matrices, curves = {} }: Pick<LeaderboardSource, "run" | "matrices" | "curves">,
  cell: CellRecord,
  metrics: readonly Metric[] = builtInMetrics,
): Record<string, MetricValue> {
  const joint = run.trainers.find(({ schedule }) => schedule === "joint")?.label;
  const reference = run.cells.find((other) => other.trainer === joint && placeOf(other) === placeOf(cell));
  const matrix = matrices[cell.id]!;
  return Object.fromEntries(
    metrics.map(({ key, compute }) => [key, compute(matrix, reference && matrices[reference.id], curves[cell.id])]),
  );
}
