// A metric for bench: a formula over the accuracy matrix of a learner. It runs as it is; put yours in its place.
// It appears on every page of a report, as a column (`metrics: [op, myMetric]` in a configuration) and as a margin of a gate.
import { defineMetric, definePlugin } from "trace-bench/kit";

const metric = defineMetric({
  id: "my-metric.own@1", // raise the number with the formula
  key: "myMetric",
  title: "Worst task",
  formula: "min_j R[T,j]",
  source: "own",
  // R.score(row, task): the score on a task, 1 to R.tasks, after training the first `row` tasks. What was not measured
  // makes the metric null, with the reason.
  compute: (R) => Math.min(...Array.from({ length: R.tasks }, (_, index) => R.score(R.tasks, index + 1))),
});

export const plugin = definePlugin({ metrics: [metric] });
