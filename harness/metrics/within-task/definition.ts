import type { CurvesRecord } from "../../contract/result.js";
import type { MetricDescription, MetricValue } from "../definition.js";
import { CurvesView } from "./curves-view.js";

/** A pure function of the scores within tasks. */
export interface CurveMetricDefinition extends MetricDescription {
  compute(curves: CurvesRecord | undefined): MetricValue;
}

export interface CurveMetricFormula extends Omit<MetricDescription, "higherIsBetter"> {
  /** False for what is better when small; true when absent. */
  higherIsBetter?: boolean;
  leastTasks?: number;
  value(A: CurvesView): number;
}

/** Makes a metric that is null with a reason wherever its curves, or a score that its formula reads, are missing. */
export function defineCurveMetric({
  leastTasks = 1,
  value,
  higherIsBetter = true,
  ...description
}: CurveMetricFormula): CurveMetricDefinition {
  return {
    ...description,
    higherIsBetter,
    compute(curves) {
      if (curves === undefined) return { value: null, reason: "nothing was measured within tasks (--evaluate-every)" };
      const { tasks, segments } = curves;
      if (tasks.length < leastTasks) return { value: null, reason: `it needs at least ${leastTasks} tasks` };
      if (segments.some(({ learns }) => learns.length > 1)) {
        return { value: null, reason: "all tasks were learned at once" };
      }
      if (segments.length < tasks.length) return { value: null, reason: "not every task was measured within" };
      const result = value(new CurvesView(curves));
      return Number.isNaN(result)
        ? { value: null, reason: "a score within a task was not measured" }
        : { value: result };
    },
  };
}
