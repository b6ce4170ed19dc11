import type { CurvesView, MetricDefinition } from "../../contract/metric.js";
import { mean, range } from "../definition.js";

/** Mean over the earlier tasks of their worst score at any point after their own training (2205.13452). */
const worst = (A: CurvesView) =>
  mean(range(1, A.tasks - 1).map((i) => Math.min(...range(i + 1, A.tasks).flatMap((k) => A.within(k, i)))));

export const minAccWithin: MetricDefinition = {
  id: "min-acc-within.de-lange@1",
  key: "minAccWithin",
  title: "Worst accuracy on earlier tasks, within tasks",
  formula: "(1/(T−1)) Σ_{i<T} min A(n, i) over all points n after task i was learned",
  source: "min-ACC, the stability gap (2205.13452); measured every so many steps",
  needsCurves: true,
  leastTasks: 2,
  compute: (_, { curves: A }) => worst(A),
};

export const wcAccWithin: MetricDefinition = {
  id: "wc-acc-within.de-lange@1",
  key: "wcAccWithin",
  title: "Worst-case accuracy, within tasks",
  formula: "(1/T) A(end, T) + (1 − 1/T) min-ACC",
  source: "WC-ACC, the stability gap (2205.13452); measured every so many steps",
  needsCurves: true,
  leastTasks: 2,
  compute: (_, { curves: A }) => A.within(A.tasks, A.tasks).at(-1)! / A.tasks + (1 - 1 / A.tasks) * worst(A),
};
