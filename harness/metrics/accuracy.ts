import type { MatrixView, MetricDefinition } from "../contract/metric.js";
import { mean, range } from "./definition.js";

/** Mean score on the tasks learned so far, after task t. */
const seenAccuracy = (R: MatrixView, t: number) => mean(range(1, t).map((i) => R.score(t, i)));

/** Mean over the earlier tasks of their worst score in any row after their own. */
const worstLater = (R: MatrixView) =>
  mean(range(1, R.tasks - 1).map((i) => Math.min(...range(i + 1, R.tasks).map((n) => R.score(n, i)))));

/** How good the model is: at the end, on average, and at its worst. */
export const accuracyMetrics: MetricDefinition[] = [
  {
    id: "acc.gem@1",
    key: "op",
    title: "Overall performance",
    formula: "(1/T) Σ_j R[T,j]",
    source: "ACC of GEM (1706.08840), OP_T of TRACE (2310.06762)",
    compute: (R) => seenAccuracy(R, R.tasks),
  },
  {
    id: "acc-extracted.bench@1",
    key: "opExtracted",
    title: "Overall performance, extracted answers",
    formula: "(1/T) Σ_j E[T,j], E = scores of the answers extracted from the text",
    source: "bench",
    compute: (R) => mean(range(1, R.tasks).map((j) => R.extracted(R.tasks, j))),
  },
  {
    id: "learning-accuracy.mer@1",
    key: "learningAccuracy",
    title: "Learning accuracy",
    formula: "(1/T) Σ_i R[i,i]",
    source: "MER (1810.11910)",
    compute: (R) => mean(range(1, R.tasks).map((i) => R.score(i, i))),
  },
  {
    id: "average-incremental-accuracy.icarl@1",
    key: "averageIncrementalAccuracy",
    title: "Average incremental accuracy",
    formula: "(1/T) Σ_t (1/t) Σ_{i≤t} R[t,i]",
    source: "iCaRL (1611.07725)",
    compute: (R) => mean(range(1, R.tasks).map((t) => seenAccuracy(R, t))),
  },
  {
    id: "average-anytime-accuracy.soutif@1",
    key: "averageAnytimeAccuracy",
    title: "Average anytime accuracy",
    formula: "mean over all evaluation points t of (1/|seen|) Σ_{i seen} R[t,i]; the points are the rows 1 to T",
    source: "2308.10328",
    compute: (R) => mean(range(1, R.tasks).map((t) => seenAccuracy(R, t))),
  },
  {
    id: "min-acc.de-lange@1",
    key: "minAcc",
    title: "Worst accuracy on earlier tasks",
    formula: "(1/(T−1)) Σ_{i<T} min_{i<n≤T} R[n,i]",
    source: "min-ACC, the stability gap (2205.13452); the points are the rows",
    leastTasks: 2,
    compute: worstLater,
  },
  {
    id: "wc-acc.de-lange@1",
    key: "wcAcc",
    title: "Worst-case accuracy",
    formula: "(1/T) R[T,T] + (1 − 1/T) min-ACC",
    source: "WC-ACC, the stability gap (2205.13452); the points are the rows",
    leastTasks: 2,
    compute: (R) => R.score(R.tasks, R.tasks) / R.tasks + (1 - 1 / R.tasks) * worstLater(R),
  },
];
