import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import type { RunRecord } from "../contract/result.js";
import { overallPerformance } from "../metrics/catalog.js";
import { meanCost } from "../metrics/cost.js";
import { mean } from "../metrics/definition.js";
import { builtInMetrics } from "../metrics/index.js";
import { holm, pairedPValue } from "../metrics/statistics/statistics.js";
import { differenceInterval } from "./bounds.js";
import type { ComparisonRow, ComparisonVerdict } from "./comparison-row.js";
import { type Entry, observedSide } from "./entry.js";
import { type Flips, findFlips } from "./flips.js";
import { isEvaluated } from "./items/answers.js";
import { compareEvaluated } from "./items/compare-rows.js";
import { finalMeasures, type Measure, metricMeasures } from "./measures.js";
import { differencesOf, type ObservedSide, type PairedBy, pairedBy } from "./pairing.js";
import { trainerNotes } from "./trainer-notes.js";

export type { ComparisonRow, ComparisonVerdict } from "./comparison-row.js";

/** What was compared. */
export interface ComparedSide {
  directory: string;
  run: string;
  trainer: string;
  model: string;
  modelDigest: string;
  cells: number;
}

/** `bench compare`, for one pair of entries. */
export interface Comparison {
  schema: "comparison@1";
  suite: { name: string; version: string; digest: string };
  baseline: ComparedSide;
  candidate: ComparedSide;
  pairedBy: PairedBy | "item";
  metrics: ComparisonRow[];
  tasks: ComparisonRow[];
  flips: Flips;
  /** Mean over the cells of each side; null where a cell lacks it. */
  cost: Record<string, { baseline: number | null; candidate: number | null }>;
  notes: string[];
}

/** The metrics of a comparison by default. */
export const comparedByDefault = [
  "op",
  "bwt",
  "forgetting",
  "learningAccuracy",
  "fwt",
  "generalAbilityDelta",
  "instructionFollowingDelta",
  "safetyDelta",
];

/**
 * Compares two entries metric by metric and task by task. Task orders are the clusters: seeds are averaged within one.
 * Two models that were evaluated as they are are compared item by item.
 *
 * @param keys of `metricMeasures`.
 * @param known metrics; the built-in ones without it.
 * @param run the trainers among which the two are ranked by OP; the two alone without it.
 * @throws RUN_MISMATCH where the suites differ.
 */
export function compareEntries(
  baseline: Entry,
  candidate: Entry,
  keys?: readonly string[],
  known: readonly Metric[] = builtInMetrics,
  run: readonly Entry[] = [baseline, candidate],
): Comparison {
  requireSameSuite(baseline, candidate);
  const { name, version, digest } = baseline.run.suite;
  const evaluated = isEvaluated(baseline.trainer) && isEvaluated(candidate.trainer);
  const costs = [baseline, candidate].map(({ cells }) => meanCost(cells.map(({ cost }) => cost)));
  return {
    schema: "comparison@1",
    suite: { name, version, digest },
    baseline: sideOf(baseline),
    candidate: sideOf(candidate),
    pairedBy: evaluated ? "item" : pairedBy(baseline.cells, candidate.cells),
    ...(evaluated
      ? compareEvaluated(baseline, candidate, keys)
      : compareLearned(baseline, candidate, keys ?? comparedByDefault, known, run)),
    flips: findFlips(baseline.cells, candidate.cells),
    cost: Object.fromEntries(
      Object.keys(costs[0]!).map((key) => [key, { baseline: costs[0]![key]!, candidate: costs[1]![key]! }]),
    ),
    notes: notesOn(baseline, candidate),
  };
}

/** The rows of two trainers that learned, over task orders; `run`: the trainers among which they are ranked. */
export function compareLearned(
  baseline: Entry,
  candidate: Entry,
  keys: readonly string[],
  known: readonly Metric[],
  run: readonly Entry[],
): Pick<Comparison, "metrics" | "tasks"> {
  const metrics = metricMeasures(known).filter(({ key }) => keys.includes(key));
  const tasks = finalMeasures({ tasks: baseline.run.suite.tasks.map(({ id }) => id), probes: [] });
  const sides = [observedSide(baseline), observedSide(candidate)] as const;
  const rows = compareMeasures([...metrics, ...tasks], ...sides, otherPairs(baseline, candidate, run));
  return { metrics: rows.slice(0, metrics.length), tasks: rows.slice(metrics.length) };
}

/**
 * One row for each measure. OP comes first, as what trainers are ranked by: its p is adjusted by Holm over all pairs of
 * trainers of the run, so that no two are separated in one place and not in the other. That of the other rows is adjusted
 * over those rows.
 *
 * @param others p of OP for the other pairs of trainers.
 */
export function compareMeasures(
  measures: readonly Measure[],
  baseline: ObservedSide,
  candidate: ObservedSide,
  others: readonly number[] = [],
): ComparisonRow[] {
  const compared = measures.map((measure) => {
    const { byOrder, least, reason } = differencesOf(measure, baseline, candidate);
    const differences = [...byOrder.values()];
    return { measure, differences, least, reason, p: pairedPValue(differences, least) };
  });
  const tested = compared.filter(({ p, measure: { key } }) => p !== null && key !== overallPerformance.key);
  const adjusted = holm(tested.map(({ p }) => p!));
  return compared.map((row): ComparisonRow => {
    const { measure, differences } = row;
    const rank = measure.key === overallPerformance.key;
    const adjustedP = row.p === null ? null : rank ? holm([row.p, ...others])[0]! : adjusted[tested.indexOf(row)]!;
    const difference = differences.length === 0 ? null : mean(differences);
    const reason = row.reason ?? (adjustedP === null ? whyUnknown(differences.length) : undefined);
    return {
      key: measure.key,
      title: measure.title,
      difference,
      interval: differenceInterval(differences, row.least),
      adjustedP,
      verdict: verdictOf(differences, difference, adjustedP),
      orders: differences.length,
      ...(reason !== undefined && { reason }),
    };
  });
}

/** p of OP for every pair of a run's complete trainers but the one that is compared. */
function otherPairs(baseline: Entry, candidate: Entry, run: readonly Entry[]): number[] {
  const complete = run
    .filter(({ missing }) => missing.length === 0)
    .map((entry) => ({ label: entry.trainer.label, side: observedSide(entry) }));
  const compared = new Set([baseline.trainer.label, candidate.trainer.label]);
  return complete.flatMap((first, index) =>
    complete.slice(index + 1).flatMap((second) => {
      if (compared.has(first.label) && compared.has(second.label)) return [];
      const { byOrder, least } = differencesOf(overallPerformance, first.side, second.side);
      return pairedPValue([...byOrder.values()], least) ?? 1;
    }),
  );
}

const whyUnknown = (orders: number): string =>
  orders < 2
    ? "one task order separates nothing"
    : "the orders do not differ, and how much they could by chance is unknown";

function verdictOf(
  differences: readonly number[],
  difference: number | null,
  adjustedP: number | null,
): ComparisonVerdict {
  if (adjustedP === null) return "unknown";
  if (differences.every((value) => value === 0)) return "same";
  if (adjustedP > 0.05) return "not separated";
  return difference! > 0 ? "better" : "worse";
}

function requireSameSuite(baseline: Entry, candidate: Entry): void {
  const [before, now] = [baseline.run, candidate.run];
  if (before.suite.digest === now.suite.digest && before.quick === now.quick) return;
  const phrase = ({ suite, quick }: RunRecord) =>
    `${suite.name} ${suite.version} (${suite.digest.slice(0, 12)}${quick ? ", quick" : ""})`;
  throw new BenchError("RUN_MISMATCH", `the suites differ: ${phrase(before)} and ${phrase(now)}`, {
    fix: "Compare runs of the same suite: scores on other data cannot be subtracted.",
  });
}

function sideOf({ run, directory, trainer, cells }: Entry): ComparedSide {
  const { reference: model, digest: modelDigest } = run.model;
  return { directory, run: run.id, trainer: trainer.label, model, modelDigest, cells: cells.length };
}

function notesOn(baseline: Entry, candidate: Entry): string[] {
  const notes = trainerNotes(baseline.trainer, candidate.trainer);
  const evaluated = isEvaluated(baseline.trainer) && isEvaluated(candidate.trainer);
  if (!evaluated && baseline.run.model.digest !== candidate.run.model.digest) notes.push("the base models differ");
  if (baseline.run.numerics !== candidate.run.numerics) notes.push("the numerics of the engines differ");
  for (const [side, { missing }] of Object.entries({ baseline, candidate })) {
    if (missing.length > 0) notes.push(`${missing.length} cells of the ${side} have not finished and are left out`);
  }
  notes.push(...new Set([...baseline.notices, ...candidate.notices]));
  if (baseline.run.quick) notes.push("quick runs are smoke tests: too small to choose a method by");
  return notes;
}
