import type { MatrixView, MetricDefinition } from "../../harness/contract/metric.js";
import { mean } from "../../harness/metrics/definition.js";

/** The text probes of the suite whose answers are of a closed set. Ids alone: every process loads the metrics. */
export const understanding = ["reading", "multiple-choice", "stance", "policy", "science"];

/** The text probes whose answers are written. */
export const generation = [
  "arithmetic",
  "whereabouts",
  "facts",
  "repetition",
  "selection",
  "meeting",
  "code",
  "commonsense-arithmetic",
  "domain-arithmetic",
  "simplification",
];

const loss = (R: MatrixView, probes: readonly string[], row: number): number =>
  mean(probes.map((probe) => R.probe(probe, 0) - R.probe(probe, row)));

const linguisticLoss = (
  key: string,
  title: string,
  which: string,
  compute: MetricDefinition["compute"],
): MetricDefinition => ({
  id: `${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.mm-seq@1`,
  key,
  title,
  formula: `mean over the text probes p of ${which} of P[0,p] − P[T,p]`,
  source: "after Srivastava et al. (2410.19925)",
  higherIsBetter: false,
  needsProbes: true,
  compute,
});

/** What a model's language loses while it learns tasks on pictures; the mean gives both kinds the same weight. */
export const linguisticMetrics: MetricDefinition[] = [
  {
    ...linguisticLoss("linguisticLoss", "Linguistic loss", "understanding and generation", (R) =>
      mean([loss(R, understanding, R.tasks), loss(R, generation, R.tasks)]),
    ),
    formula: "½ · (linguistic loss of understanding + linguistic loss of generation)",
  },
  linguisticLoss("linguisticLossUnderstanding", "Linguistic loss, understanding", "understanding", (R) =>
    loss(R, understanding, R.tasks),
  ),
  linguisticLoss("linguisticLossGeneration", "Linguistic loss, generation", "generation", (R) =>
    loss(R, generation, R.tasks),
  ),
];
