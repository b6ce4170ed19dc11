import type { CurvesView } from "../../contract/metric.js";
import type { CurvesRecord } from "../../contract/result.js";

/** Why no metric can be made of scores within tasks; undefined where it can. */
export function whyNotWithin(curves: CurvesRecord | undefined): string | undefined {
  if (curves === undefined) return "nothing was measured within tasks (--evaluate-every)";
  const { tasks, segments } = curves;
  if (segments.some(({ learns }) => learns.length > 1)) return "all tasks were learned at once";
  return segments.length < tasks.length ? "not every task was measured within" : undefined;
}

/**
 * Reads curves by the indices of the formulas: tasks 1 to T, each with the points of its own training. A score that was
 * not measured reads as NaN, and is remembered as the reason.
 */
export class CurvesReader implements CurvesView {
  /** T, the number of tasks. */
  readonly tasks: number;
  #missing: string | undefined;

  constructor(private readonly curves: CurvesRecord) {
    this.tasks = curves.tasks.length;
  }

  /** Why the value that was just computed is invalid; undefined if it is valid. */
  get missing(): string | undefined {
    return this.#missing;
  }

  during(k: number, task: number): number[] {
    return this.curves.segments[k - 1]!.points.map(({ scores }) => scores[task - 1] ?? this.lack());
  }

  within(k: number, task: number): number[] {
    return this.during(k, task).slice(1);
  }

  private lack(): number {
    this.#missing = "a score within a task was not measured";
    return Number.NaN;
  }
}
