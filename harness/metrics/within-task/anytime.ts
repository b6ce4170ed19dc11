import type { MetricDefinition } from "../../contract/metric.js";
import { mean, range } from "../definition.js";

/** How good the model is at any time, not only after a task: Caccia et al. (2104.05025). */
export const anytimeWithin: MetricDefinition = {
  id: "average-anytime-accuracy-within.caccia@1",
  key: "anytimeAccuracyWithin",
  title: "Average anytime accuracy, within tasks",
  formula: "mean over all points n of (1/k) Σ_{i≤k} A(n, i), k = the task that is learned then",
  source: "Caccia et al. (2104.05025); measured every so many steps",
  needsCurves: true,
  compute: (_, { curves: A }) =>
    mean(
      range(1, A.tasks).flatMap((k) => {
        const curves = range(1, k).map((i) => A.within(k, i));
        return curves[0]!.map((_, point) => mean(curves.map((curve) => curve[point]!)));
      }),
    ),
};
