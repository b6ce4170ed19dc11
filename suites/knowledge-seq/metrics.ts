import type { MatrixView, MetricDefinition } from "../../harness/contract/metric.js";
import { mean } from "../../harness/metrics/definition.js";

/** Mean over the tasks that have items of an aspect. */
const over = (R: MatrixView, aspect: string, value: (task: number) => number): number =>
  mean(R.tasksWith(aspect).map(value));

const atEnd = (aspect: string) => (R: MatrixView) => over(R, aspect, (j) => R.aspect(aspect, R.tasks, j));
const afterwards = (aspect: string) => (R: MatrixView) => over(R, aspect, (j) => R.aspect(aspect, j, j));

const metric = (
  key: string,
  title: string,
  formula: string,
  source: string,
  compute: MetricDefinition["compute"],
): MetricDefinition => ({
  id: `${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.knowledge@1`,
  key,
  title,
  formula: `mean over the tasks j with such items of ${formula}`,
  source,
  compute,
});

/** What is measured where facts change; A is the score on the test items of the named aspect. */
export const knowledgeMetrics: MetricDefinition[] = [
  metric(
    "knowledgeRetention",
    "Retention of facts that never change",
    "A[T,j], aspect single-hop",
    "bench",
    atEnd("single-hop"),
  ),
  metric(
    "updateSuccess",
    "Update success",
    "A[j,j], aspect update",
    "efficacy in Meng et al. (2202.05262)",
    afterwards("update"),
  ),
  metric(
    "updateLocality",
    "Locality of updates",
    "A[j,j] − A[j−1,j], aspect locality: facts that the update does not touch; below 0 is damage",
    "after specificity in Meng et al. (2202.05262)",
    (R) => over(R, "locality", (j) => R.aspect("locality", j, j) - R.aspect("locality", j - 1, j)),
  ),
  metric(
    "updatePortability",
    "Portability of updates",
    "A[j,j], aspect portability: what follows from an updated fact and another",
    "Yao et al. (2305.13172)",
    afterwards("portability"),
  ),
  metric("multiHopAccuracy", "Multi-hop accuracy at the end", "A[T,j], aspect multi-hop", "bench", atEnd("multi-hop")),
  metric(
    "temporalAccuracy",
    "Accuracy on values before a change",
    "A[T,j], aspect temporal",
    "bench",
    atEnd("temporal"),
  ),
  metric(
    "retractionSuccess",
    "Retracted facts that are no longer asserted",
    "A[T,j], aspect retracted",
    "bench",
    atEnd("retracted"),
  ),
  metric(
    "abstention",
    "Unanswerable questions left open",
    "A[T,j], aspect unanswerable",
    "bench",
    atEnd("unanswerable"),
  ),
];
