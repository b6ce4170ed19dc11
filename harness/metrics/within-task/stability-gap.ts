import type { MetricDefinition } from "../../contract/metric.js";
import { mean, range } from "../definition.js";

/**
 * What the rows of the matrix do not show: how far a task falls below both its score before a later task and its score
 * after it, while that task is learned. The phenomenon is of De Lange, van de Ven and Tuytelaars (2205.13452), who draw
 * it; the number is ours.
 */
export const stabilityGap: MetricDefinition = {
  id: "stability-gap.bench@1",
  key: "stabilityGap",
  title: "Stability gap",
  formula: "(2/(T(T−1))) Σ_{k≥2} Σ_{i<k} [min(A(start k, i), A(end k, i)) − min_{n in k} A(n, i)]",
  source: "bench; the stability gap of De Lange et al. (2205.13452) as a number",
  needsCurves: true,
  higherIsBetter: false,
  leastTasks: 2,
  compute: (_, { curves: A }) =>
    mean(
      range(2, A.tasks).flatMap((k) =>
        range(1, k - 1).map((i) => {
          const scores = A.during(k, i);
          return Math.min(scores[0]!, scores.at(-1)!) - Math.min(...scores);
        }),
      ),
    ),
};
