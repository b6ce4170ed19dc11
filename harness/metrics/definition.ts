import type { MatrixRecord } from "../contract/result.js";
import { MatrixView } from "./matrix-view.js";

/** A metric's value, or null with the reason. */
export interface MetricValue {
  value: number | null;
  reason?: string;
}

/** What is said of a metric, whatever it is made from. */
export interface MetricDescription {
  /** Name, origin and version: another formula is another id. */
  id: string;
  /** Short name in camelCase, the key in a leaderboard row. */
  key: string;
  title: string;
  formula: string;
  /** Paper or "bench" where the definition is ours. */
  source: string;
  higherIsBetter: boolean;
}

/** A pure function of a matrix R with rows 0..T and tasks 1..T. */
export interface MetricDefinition extends MetricDescription {
  /** Whether it is null without the matrix of joint training. */
  needsJoint: boolean;
  /**
   * @param joint the matrix of a learner trained on all tasks at once, on the same tasks: row k after the tasks 1 to k
   *   where that was measured, row T after all.
   */
  compute(matrix: MatrixRecord, joint?: MatrixRecord): MetricValue;
}

/** What a metric is made from: its description, the least number of tasks it makes sense for, and its formula. */
export interface MetricFormula extends Omit<MetricDescription, "higherIsBetter"> {
  /** False for what is better when small; true when absent. */
  higherIsBetter?: boolean;
  leastTasks?: number;
  /** False when absent. */
  needsJoint?: boolean;
  value(R: MatrixView, joint: MatrixRecord | undefined): number;
}

/** Makes a metric that is null with a reason wherever a cell that its formula reads is missing. */
export function defineMetric({
  leastTasks = 1,
  value,
  higherIsBetter = true,
  needsJoint = false,
  ...description
}: MetricFormula): MetricDefinition {
  return {
    ...description,
    higherIsBetter,
    needsJoint,
    compute(matrix, joint) {
      if (matrix.tasks.length < leastTasks) return { value: null, reason: `it needs at least ${leastTasks} tasks` };
      const view = new MatrixView(matrix);
      const result = value(view, joint);
      return view.missing === undefined ? { value: result } : { value: null, reason: view.missing };
    },
  };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** first, first + 1, …, last; empty when last < first. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => first + offset);
}
