import { holm } from "../../metrics/statistics/statistics.js";
import { activeAcknowledgement } from "../acknowledge.js";
import { type ComparedBaseline, isOwn } from "../baseline.js";
import type { Entry } from "../entry.js";
import { type GateRequest, type GateResult, type GateRow, requireSameSuite, resultOf } from "../gate.js";
import type { Verdict } from "../judge.js";
import { metricMeasures } from "../measures.js";
import { trainerNotes } from "../trainer-notes.js";
import { type Answers, answersOf } from "./answers.js";
import { compareItems, type ItemEvidence } from "./compare-items.js";
import { type AnsweredSuite, type ItemMeasure, itemMeasureOf, itemMeasures } from "./item-measures.js";
import { itemFlips } from "./pair-items.js";

/** One-sided error of each limit. */
export const itemAlpha = 0.05;

/** Keys of metrics that need a model that learns. */
export const learningMetrics = metricMeasures().map(({ key }) => key);

export const answeredSuite = ({ run: { suite } }: Entry): AnsweredSuite => ({
  tasks: suite.tasks.map(({ id }) => id),
  probes: suite.probes,
});

/**
 * Judges a model that was evaluated as it is against another, metric by metric, by a paired comparison of the items that
 * both answered: PASS if the lower limit of the difference is above −margin, FAIL if the upper one is below, else
 * INCONCLUSIVE. Absolute scores are compared with absolute scores; orders and seeds have no part in it.
 *
 * @throws USAGE for a metric of learning; UNKNOWN_NAME; BASELINE_MISMATCH where the two answered other items.
 */
export function runItemGate(
  request: Omit<GateRequest, "look" | "worstFalls"> & {
    baseline: ComparedBaseline & { answers: Answers };
    /** Of the candidate, where they were read already. */
    answers?: Answers;
  },
): GateResult {
  const { baseline, candidate, margins, acknowledgements, today } = request;
  requireSameSuite(baseline, candidate);
  const suite = answeredSuite(candidate);
  const answers = request.answers ?? answersOf(candidate);
  const same = isOwn(baseline, candidate);
  const rows = Object.entries(margins).map(([key, margin]): GateRow => {
    const measure = itemMeasureOf(key, suite, learningMetrics);
    const acknowledged = activeAcknowledgement(acknowledgements, key, today);
    const allowed = Math.max(margin, acknowledged?.margin ?? 0);
    const evidence = compareItems(measure, baseline.answers, answers, itemAlpha);
    const row: GateRow = { key, title: measure.title, margin, ...judgeItems(evidence, allowed, same) };
    return acknowledged === undefined ? row : { ...row, acknowledged };
  });
  const notices = new Set([...(baseline.notices ?? []), ...candidate.notices]);
  const notes = [...trainerNotes(baseline.trainer, candidate.trainer), ...notices];
  if (same) notes.push("the candidate is the evaluation that the baseline was made of");
  const result = resultOf(request, rows);
  return {
    ...result,
    candidate: { ...result.candidate, model: candidate.run.model.reference },
    pairedBy: "item",
    alpha: itemAlpha,
    flips: itemFlips(baseline.answers, answers),
    notes: [...notes, ...unguardedFalls(suite, Object.keys(margins), baseline.answers, answers)],
  };
}

function judgeItems(evidence: ItemEvidence, margin: number, same: boolean): Omit<GateRow, "key" | "title" | "margin"> {
  const { difference, items, gained, lost, p, test, least } = evidence;
  const [low, high] = same ? [difference, difference] : [evidence.low, evidence.high];
  const verdict: Verdict = same || low > -margin ? "pass" : high < -margin ? "fail" : "inconclusive";
  const row = { verdict, mean: difference, low, high, orders: 0, furtherOrders: null };
  const judged = { ...row, items: { count: items, gained, lost, p, test } };
  if (verdict !== "inconclusive") return judged;
  const reason =
    least >= margin
      ? `${items} items cannot show a fall of less than ${(100 * least).toFixed(1)} points, even without any flip: ask more items, or accept a wider margin`
      : "the interval holds both sides of the margin";
  return { ...judged, reason };
}

/** Tasks and probes without a margin of their own that fell, beyond what chance does to one of so many. */
function unguardedFalls(
  suite: AnsweredSuite,
  margins: readonly string[],
  baseline: Answers,
  candidate: Answers,
): string[] {
  const single = ({ key }: ItemMeasure) => key.includes(":") && !margins.includes(key);
  const compared = itemMeasures(suite)
    .filter(single)
    .filter(({ key }) => baseline[key] !== undefined || candidate[key] !== undefined)
    .map(({ key, ...measure }) => ({ key, ...compareItems({ key, ...measure }, baseline, candidate, itemAlpha) }));
  const adjusted = holm(compared.map(({ p }) => p));
  return compared.flatMap(({ key, difference }, index) =>
    difference < 0 && adjusted[index]! <= 0.05
      ? [
          `${key}, which has no margin, fell by ${(-100 * difference).toFixed(1)} points (p = ${adjusted[index]!.toPrecision(1)}, Holm)`,
        ]
      : [],
  );
}
