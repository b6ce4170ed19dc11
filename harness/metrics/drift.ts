import type { CostRecord, MatrixRecord } from "../contract/result.js";
import type { DriftReport } from "../contract/trainer.js";
import { mean, range } from "./definition.js";
import { rankCorrelation } from "./statistics/rank-correlation.js";
import type { Interval } from "./statistics/statistics.js";

/** How unlike the past a task's data was, and what learning it cost the tasks before it. */
export interface DriftPair {
  task: string;
  drift: DriftReport;
  /** How far the answers to the task's inputs went from the base model's; absent where it was not measured. */
  baseDistance?: number;
  /** Mean over the earlier tasks j of R[k−1, j] − R[k, j], with k the task's place in the order. */
  forgetting: number;
}

/** The statistics compared with forgetting; each is larger the more the data, or the model from the base, differ. */
export const driftStatistics = {
  lengthStability: ({ drift }: DriftPair) => drift.lengthStability,
  lengthDistance: ({ drift }: DriftPair) => drift.lengthDistance,
  lossStability: ({ drift }: DriftPair) => drift.lossStability,
  lossDistance: ({ drift }: DriftPair) => drift.lossDistance,
  embeddingDiscrepancy: ({ drift }: DriftPair) => drift.embeddingDiscrepancy,
  warned: ({ drift }: DriftPair) => Number(isWarned(drift)),
  baseDistance: ({ baseDistance }: DriftPair) => baseDistance,
};

export type DriftStatistic = keyof typeof driftStatistics;

/** How well drift foretold forgetting. */
export interface DriftPrediction {
  /** Spearman's ρ of each statistic with the forgetting; undefined where one of them does not vary. */
  correlations: Record<DriftStatistic, Interval | undefined>;
  /** How many pairs have each statistic. */
  counts: Record<DriftStatistic, number>;
  /** Mean forgetting after a warning and without one; null where there is no such task. */
  warned: { n: number; forgetting: number | null };
  unwarned: { n: number; forgetting: number | null };
}

/** The tasks of one cell whose data was compared with the past; those whose scores were not all measured are left out. */
export function driftPairs({ tasks, rows }: MatrixRecord, learning: CostRecord["learning"]): DriftPair[] {
  return learning.flatMap(({ task, drift, baseDistance }) => {
    const row = tasks.indexOf(task) + 1;
    if (drift === undefined || row < 2) return [];
    const lost = range(0, row - 2).map((column) => difference(rows[row - 1]?.[column], rows[row]?.[column]));
    const forgetting = mean(lost);
    return Number.isNaN(forgetting)
      ? []
      : [{ task, drift, forgetting, ...(baseDistance !== undefined && { baseDistance }) }];
  });
}

/** Over the tasks of all cells. Those of one cell are not independent, so the intervals are narrower than they should be. */
export function driftPrediction(pairs: readonly DriftPair[]): DriftPrediction {
  const found = Object.entries(driftStatistics).map(([name, statistic]) => {
    const known = pairs.flatMap((pair) => {
      const value = statistic(pair);
      return value === undefined ? [] : [[value, pair.forgetting] as const];
    });
    return { name, count: known.length, correlation: rankCorrelation(known) };
  });
  const correlations = Object.fromEntries(found.map(({ name, correlation }) => [name, correlation]));
  const counts = Object.fromEntries(found.map(({ name, count }) => [name, count]));
  const after = (warned: boolean) => {
    const own = pairs.filter(({ drift }) => isWarned(drift) === warned);
    return { n: own.length, forgetting: own.length === 0 ? null : mean(own.map(({ forgetting }) => forgetting)) };
  };
  return { correlations, counts, warned: after(true), unwarned: after(false) } as DriftPrediction;
}

/** NaN where one of the scores was not measured. */
function difference(before: number | null | undefined, after: number | null | undefined): number {
  return (before ?? Number.NaN) - (after ?? Number.NaN);
}

export function isWarned({ warnings }: DriftReport): boolean {
  return warnings.length > 0;
}
