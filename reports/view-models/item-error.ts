import type { MatrixRecord } from "../../harness/contract/result.js";
import { meanOf } from "./mean-matrix.js";

/**
 * Half the 95% interval of the mean final score that comes from the number of test items alone, were other items
 * drawn and nothing else changed: 1.96 · √(Σ_j p_j (1 − p_j) / n_j) / T. Exact for items that are right or wrong; for
 * graded scores on 0..1 an upper bound (Bhatia and Davis, 2000). Null where a score or a count is missing.
 */
export function itemError(matrices: readonly MatrixRecord[]): number | null {
  const tasks = matrices[0]?.tasks ?? [];
  if (tasks.length === 0) return null;
  let variance = 0;
  for (const task of tasks) {
    const score = meanOf(matrices.map((matrix) => matrix.rows.at(-1)?.[matrix.tasks.indexOf(task)]));
    const items = meanOf(matrices.map((matrix) => matrix.n.at(-1)?.[matrix.tasks.indexOf(task)]));
    if (score === null || items === null || items === 0) return null;
    variance += (score * (1 - score)) / items;
  }
  return (1.96 * Math.sqrt(variance)) / tasks.length;
}
