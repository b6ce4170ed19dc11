import { mean, range } from "../definition.js";
import type { CurvesView } from "./curves-view.js";
import { defineCurveMetric } from "./definition.js";

/** Mean over the earlier tasks of their worst score at any point after their own training (2205.13452). */
const worst = (A: CurvesView) =>
  mean(range(1, A.tasks - 1).map((i) => Math.min(...range(i + 1, A.tasks).flatMap((k) => A.within(k, i)))));

export const minAccWithin = defineCurveMetric({
  id: "min-acc-within.de-lange@1",
  key: "minAccWithin",
  title: "Worst accuracy on earlier tasks, within tasks",
  formula: "(1/(T−1)) Σ_{i<T} min A(n, i) over all points n after task i was learned",
  source: "min-ACC, the stability gap (2205.13452); the points stand every so many steps",
  leastTasks: 2,
  value: worst,
});

export const wcAccWithin = defineCurveMetric({
  id: "wc-acc-within.de-lange@1",
  key: "wcAccWithin",
  title: "Worst-case accuracy, within tasks",
  formula: "(1/T) A(end, T) + (1 − 1/T) min-ACC",
  source: "WC-ACC, the stability gap (2205.13452); the points stand every so many steps",
  leastTasks: 2,
  value: (A) => A.within(A.tasks, A.tasks).at(-1)! / A.tasks + (1 - 1 / A.tasks) * worst(A),
});
