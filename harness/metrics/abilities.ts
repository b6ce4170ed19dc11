import type { MatrixView, MetricDefinition } from "../contract/metric.js";
import type { ProbeKind } from "../contract/suite.js";
import { mean, range } from "./definition.js";

/** Mean over the probes of a kind of the score at the end less the score before training. */
const change = (R: MatrixView, kind: ProbeKind) =>
  mean(R.probes(kind).map((probe) => R.probe(probe, R.tasks) - R.probe(probe, 0)));

const abilityDelta = (kind: ProbeKind, key: string, title: string): MetricDefinition => ({
  id: `ability-${kind}.trace@1`,
  key,
  title,
  formula: `mean over the ${kind} probes p of P[T,p] − P[0,p]`,
  source: "TRACE (2310.06762)",
  needsProbes: true,
  compute: (R) => change(R, kind),
});

/** What is measured besides the tasks: abilities that are never trained, generalization, form. */
export const abilityMetrics: MetricDefinition[] = [
  abilityDelta("general", "generalAbilityDelta", "Change of general ability"),
  abilityDelta("instruction", "instructionFollowingDelta", "Change of instruction following"),
  abilityDelta("safety", "safetyDelta", "Change of safety"),
  {
    id: "generalization-unseen.bench@1",
    key: "generalizationUnseen",
    title: "Generalization to unseen tasks",
    formula: "mean over the probes p of never-trained tasks of U[T,p] − U[0,p]",
    source: "bench",
    needsProbes: true,
    compute: (R) => change(R, "unseen"),
  },
  {
    id: "generalization-shift-gap.bench@1",
    key: "generalizationShiftGap",
    title: "Generalization gap under shift",
    formula: "(1/T) Σ_j (R[T,j] − S[T,j]), S = task j on templates and entities absent from training",
    source: "bench",
    higherIsBetter: false,
    compute: (R) => mean(range(1, R.tasks).map((j) => R.score(R.tasks, j) - R.shifted(R.tasks, j))),
  },
  {
    id: "format-validity.bench@1",
    key: "formatValidity",
    title: "Answers in valid format at the end",
    formula: "(1/T) Σ_j V[T,j], V = share of answers in the form asked for",
    source: "bench",
    compute: (R) => mean(range(1, R.tasks).map((j) => R.valid(R.tasks, j))),
  },
];
