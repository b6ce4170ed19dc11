import type { MatrixRecord } from "../contract/result.js";
import { mean } from "./definition.js";
import { groupBy } from "./statistics/clusters.js";

/** How much the order of the tasks decides, from the final scores of runs in several orders. */
export interface OrderSensitivity {
  /** OPD of each task: its best less its worst final score over the orders (seeds averaged within an order). */
  tasks: Record<string, number>;
  /** MOPD: the largest OPD. */
  maximum: number;
  /** AOPD: the mean OPD. */
  average: number;
}

/**
 * Order-normalized performance disparity (Yoon et al., 1902.09432).
 * @returns undefined with fewer than two orders, or where a final score is missing.
 */
export function orderSensitivity(matrices: readonly MatrixRecord[]): OrderSensitivity | undefined {
  const byOrder = groupBy(matrices, ({ order }) => order);
  if (byOrder.size < 2) return undefined;
  const tasks: Record<string, number> = {};
  for (const task of matrices[0]!.tasks) {
    const finals = [...byOrder.values()].map((runs) => mean(runs.map((matrix) => finalScore(matrix, task))));
    tasks[task] = Math.max(...finals) - Math.min(...finals);
  }
  const disparities = Object.values(tasks);
  if (disparities.some(Number.isNaN)) return undefined;
  return { tasks, maximum: Math.max(...disparities), average: mean(disparities) };
}

function finalScore(matrix: MatrixRecord, task: string): number {
  return matrix.rows.at(-1)?.[matrix.tasks.indexOf(task)] ?? Number.NaN;
}
