import type { MatrixView, MetricDefinition } from "../contract/metric.js";
import type { MatrixRecord } from "../contract/result.js";
import { mean, range, sum } from "./definition.js";

/** R[T,i] − R[i,i] of each task but the last. */
const changes = (R: MatrixView) => range(1, R.tasks - 1).map((i) => R.score(R.tasks, i) - R.score(i, i));

/** Mean over the tasks but the last of the best score in rows i to `last`, less the final one. */
const fallFromBest = (R: MatrixView, last: number) =>
  mean(range(1, R.tasks - 1).map((i) => Math.max(...range(i, last).map((l) => R.score(l, i))) - R.score(R.tasks, i)));

/** What later training does to earlier tasks, and earlier training to later ones. */
export const transferMetrics: MetricDefinition[] = [
  {
    id: "bwt.gem@1",
    key: "bwt",
    title: "Backward transfer",
    formula: "(1/(T−1)) Σ_{i<T} (R[T,i] − R[i,i])",
    source: "GEM (1706.08840); TRACE's published numbers",
    leastTasks: 2,
    compute: (R) => mean(changes(R)),
  },
  {
    id: "bwt.over-t@1",
    key: "bwtOverT",
    title: "Backward transfer, divided by T",
    formula: "(1/T) Σ_{i<T} (R[T,i] − R[i,i])",
    source: "GEM's own code, SAPT (2401.08295)",
    leastTasks: 2,
    compute: (R) => sum(changes(R)) / R.tasks,
  },
  {
    id: "bwt.diaz-rodriguez@1",
    key: "bwtDiazRodriguez",
    title: "Backward transfer over all rows",
    formula: "(2/(T(T−1))) Σ_{i>j} (R[i,j] − R[j,j])",
    source: "Díaz-Rodríguez et al. (1810.13166)",
    leastTasks: 2,
    compute: (R) => mean(range(2, R.tasks).flatMap((i) => range(1, i - 1).map((j) => R.score(i, j) - R.score(j, j)))),
  },
  {
    id: "fwt.gem@1",
    key: "fwt",
    title: "Forward transfer",
    formula: "(1/(T−1)) Σ_{i≥2} (R[i−1,i] − R[0,i])",
    source: "GEM (1706.08840)",
    leastTasks: 2,
    compute: (R) => mean(range(2, R.tasks).map((i) => R.score(i - 1, i) - R.score(0, i))),
  },
  {
    id: "fwt.over-t@1",
    key: "fwtOverT",
    title: "Forward transfer, divided by T",
    formula: "(1/T) Σ_{i≥2} (R[i−1,i] − R[0,i])",
    source: "GEM's own code",
    leastTasks: 2,
    compute: (R) => sum(range(2, R.tasks).map((i) => R.score(i - 1, i) - R.score(0, i))) / R.tasks,
  },
  {
    id: "fwt.raw@1",
    key: "fwtRaw",
    title: "Forward transfer, no baseline subtracted",
    formula: "(1/(T−1)) Σ_{i≥2} R[i−1,i]",
    source: "SSR (2403.01244), CITB (2310.14510)",
    leastTasks: 2,
    compute: (R) => mean(range(2, R.tasks).map((i) => R.score(i - 1, i))),
  },
  {
    id: "forgetting.chaudhry@1",
    key: "forgetting",
    title: "Forgetting",
    formula: "(1/(T−1)) Σ_{j<T} [max_{j≤l≤T−1} R[l,j] − R[T,j]]",
    source: "Chaudhry et al. (1801.10112)",
    higherIsBetter: false,
    leastTasks: 2,
    compute: (R) => fallFromBest(R, R.tasks - 1),
  },
  {
    id: "forgetting.including-last@1",
    key: "forgettingIncludingLast",
    title: "Forgetting, last row among the best",
    formula: "(1/(T−1)) Σ_{j<T} [max_{j≤l≤T} R[l,j] − R[T,j]]",
    source: "the code of Mammoth and PyCIL",
    higherIsBetter: false,
    leastTasks: 2,
    compute: (R) => fallFromBest(R, R.tasks),
  },
  {
    id: "forgetting.first-last@1",
    key: "forgettingFirstLast",
    title: "Forgetting, first less last",
    formula: "(1/(T−1)) Σ_{j<T} (R[j,j] − R[T,j])",
    source: "the code of Avalanche",
    higherIsBetter: false,
    leastTasks: 2,
    compute: (R) => -mean(changes(R)),
  },
  {
    id: "retention.bench@1",
    key: "retention",
    title: "Retention",
    formula: "(1/(T−1)) Σ_{i<T} R[T,i] / R[i,i]",
    source: "bench",
    leastTasks: 2,
    compute: (R) =>
      mean(
        range(1, R.tasks - 1).map((i) => {
          const learned = R.score(i, i);
          return learned === 0
            ? R.lack(`"${R.taskName(i)}" scored 0 right after its own training`)
            : R.score(R.tasks, i) / learned;
        }),
      ),
  },
  {
    id: "intransigence.chaudhry@2",
    key: "intransigence",
    title: "Intransigence",
    formula: "(1/T) Σ_k (R*[k,k] − R[k,k]), R*[k,·] = joint training on the tasks 1 to k",
    source: "Chaudhry et al. (1801.10112)",
    higherIsBetter: false,
    needsJoint: true,
    compute: (R, { joint }) => mean(range(1, R.tasks).map((k) => jointScore(R, joint, k, k) - R.score(k, k))),
  },
  {
    id: "intransigence.all-tasks@1",
    key: "intransigenceAllTasks",
    title: "Intransigence against all tasks at once",
    formula: "(1/T) Σ_k (R*[T,k] − R[k,k]), R*[T,·] = joint training on all tasks",
    source: "bench, after Chaudhry et al. (1801.10112)",
    higherIsBetter: false,
    needsJoint: true,
    compute: (R, { joint }) => mean(range(1, R.tasks).map((k) => jointScore(R, joint, R.tasks, k) - R.score(k, k))),
  },
];

/** The score of joint training on the tasks 1 to `row` of `R`, on task k, found by the task's name. */
function jointScore(R: MatrixView, joint: MatrixRecord, row: number, k: number): number {
  const learned = (tasks: readonly string[]) => tasks.slice(0, row).toSorted().join("\n");
  const place = joint.tasks.indexOf(R.taskName(k));
  if (row === R.tasks) return joint.rows.at(-1)?.[place] ?? R.lack(`joint training has no score on "${R.taskName(k)}"`);
  // a row covers the tasks up to it, so both have to have learned the same ones
  const same = learned(joint.tasks) === learned(range(1, R.tasks).map((task) => R.taskName(task)));
  const score = same && joint.rows.length === R.tasks + 1 ? joint.rows[row]![place] : null;
  return (
    score ?? R.lack(`joint training on ${row === 1 ? "the first task" : `the first ${row} tasks`} was not measured`)
  );
}
