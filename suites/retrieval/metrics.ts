import type { MetricDefinition } from "../../harness/contract/metric.js";
import { mean } from "../../harness/metrics/definition.js";

const recallAt = (k: number): MetricDefinition => ({
  id: `recall-at-${k}.retrieval@1`,
  key: `recallAt${k}`,
  title: `Recall of supporting documents at ${k}`,
  formula: `mean over the tasks j of A[T,j], aspect recall@${k}: share of an item's supporting documents among the first ${k} found`,
  source: "HippoRAG 2 (2502.14802)",
  compute: (R) => mean(R.tasksWith(`recall@${k}`).map((j) => R.aspect(`recall@${k}`, R.tasks, j))),
});

/** What is measured of what was found. */
export const retrievalMetrics: MetricDefinition[] = [
  ...[1, 2, 5, 10].map(recallAt),
  {
    id: "recall-growth.retrieval@1",
    key: "recallGrowth",
    title: "Change of recall at 5 as the corpus grows",
    formula:
      "A[T,1] − A[1,1], aspect recall@5: the first segment's questions with the whole corpus and with its own part",
    source: "HippoRAG 2 (2502.14802), continual experiment",
    compute: (R) => R.aspect("recall@5", R.tasks, 1) - R.aspect("recall@5", 1, 1),
  },
];
