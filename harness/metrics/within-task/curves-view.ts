import type { CurvesRecord } from "../../contract/result.js";

/**
 * Reads curves by the indices of the formulas: tasks 1 to T, each with the points of its own training. A score that was
 * not measured reads as NaN, which no sum or minimum survives.
 */
export class CurvesView {
  /** T, the number of tasks. */
  readonly tasks: number;

  constructor(private readonly curves: CurvesRecord) {
    this.tasks = curves.tasks.length;
  }

  /** A(n, task) at every point n while task k is learned, the row before it first and the row after it last. */
  during(k: number, task: number): number[] {
    return this.curves.segments[k - 1]!.points.map(({ scores }) => scores[task - 1] ?? Number.NaN);
  }

  /** The same without the row before, which is the last point of the task before. */
  within(k: number, task: number): number[] {
    return this.during(k, task).slice(1);
  }
}
