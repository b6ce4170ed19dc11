import type { MatrixRecord } from "../contract/result.js";
import { mean, sum } from "./definition.js";

/**
 * Standard error of overall performance from the finite number of test items alone: √(Σ_j p_j(1−p_j)/n_j) / T, with p_j
 * the mean final score on task j over the runs and n_j its items. All runs share the items, so more runs do not make it
 * smaller. Exact for answers that are right or wrong; for graded scores on 0..1 an upper bound.
 *
 * @returns null where a final score or a number of items is missing.
 */
export function itemStandardError(matrices: readonly MatrixRecord[]): number | null {
  const tasks = matrices[0]?.tasks ?? [];
  const variances = tasks.map((task) => {
    const score = mean(matrices.map(({ tasks, rows }) => rows.at(-1)?.[tasks.indexOf(task)] ?? Number.NaN));
    const items = mean(matrices.map(({ tasks, n }) => n.at(-1)?.[tasks.indexOf(task)] ?? Number.NaN));
    return (score * (1 - score)) / items;
  });
  const error = Math.sqrt(sum(variances)) / tasks.length;
  return Number.isFinite(error) ? error : null;
}
