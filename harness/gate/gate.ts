import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import { type Acknowledgement, activeAcknowledgement } from "./acknowledge.js";
import { type Baseline, baselineText, type ComparedBaseline } from "./baseline.js";
import { type Entry, observedSide } from "./entry.js";
import type { ItemEvidence } from "./items/compare-items.js";
import type { ItemFlip } from "./items/pair-items.js";
import { type Judgment, judge, type Verdict } from "./judge.js";
import type { LookPlan } from "./looks.js";
import { measuredSuite, measureOf } from "./measures.js";
import { differencesOf, type PairedBy, pairedBy } from "./pairing.js";
import { trainerNotes } from "./trainer-notes.js";

/** One metric of a gate. */
export interface GateRow extends Judgment {
  key: string;
  title: string;
  /** The declared margin, in the metric's unit. */
  margin: number;
  /** The declared worst fall of an order. */
  worstFall?: number;
  /** Where evaluated models are compared item by item. */
  items?: Pick<ItemEvidence, "gained" | "lost" | "p" | "test"> & { count: number };
  /** Where a wider margin was accepted for a while. */
  acknowledged?: Acknowledgement;
}

/** What `bench gate` says, and `--json` prints. */
export interface GateResult {
  schema: "gate@1";
  /** The worst verdict of all metrics: all must pass. */
  verdict: Verdict;
  /** One-sided error of each bound, at this look. */
  alpha: number;
  /** Which look at the candidate this is, and what the earlier ones have spent. */
  look?: { number: number; orders: number; mostOrders: number; spent: number; seen: boolean };
  /** What was blessed by whom; the name alone where a run is compared with another. */
  baseline: Pick<Baseline, "name"> &
    Partial<Pick<Baseline, "version" | "blessedAt" | "by" | "reason">> & { modelDigest: string };
  /** `model`: the reference of one that was evaluated as it is. */
  candidate: { directory: string; run: string; trainer: string; model?: string; modelDigest: string };
  suite: { name: string; version: string; digest: string };
  pairedBy: PairedBy | "item";
  metrics: GateRow[];
  /** Answers that one of two evaluated models got right. */
  flips?: { gained: ItemFlip[]; lost: ItemFlip[] };
  notes: string[];
}

export interface GateRequest {
  /** Without a version where nobody blessed it. */
  baseline: ComparedBaseline;
  candidate: Entry;
  /** Key of a measure → margin. */
  margins: Readonly<Record<string, number>>;
  acknowledgements: readonly Acknowledgement[];
  /** Metric key → the worst that an order can fall by. */
  worstFalls?: Readonly<Record<string, number>>;
  /** YYYY-MM-DD in UTC. */
  today: string;
  look: LookPlan;
  /** What margins can be declared for; the built-in metrics without it. */
  known?: readonly Metric[];
}

/**
 * Judges a candidate against a baseline, metric by metric, each by its margin. All must pass: an intersection-union
 * test, which needs no correction for their number.
 *
 * @throws BASELINE_MISMATCH where the suites differ; UNKNOWN_NAME for a margin of no metric.
 */
export function runGate(request: GateRequest): GateResult {
  const { baseline, candidate, margins, acknowledgements, worstFalls = {}, today, look, known } = request;
  const { alpha, alphaAt } = look;
  requireSameSuite(baseline, candidate);
  const metrics = Object.entries(margins).map(([key, margin]): GateRow => {
    const measure = measureOf(key, measuredSuite(baseline), undefined, known);
    const acknowledged = activeAcknowledgement(acknowledgements, key, today);
    const { byOrder, least, reason } = differencesOf(measure, observedSide(baseline), observedSide(candidate));
    const allowed = Math.max(margin, acknowledged?.margin ?? 0);
    const worstFall = worstFalls[key];
    if (worstFall !== undefined && worstFall <= allowed) throw notWorse(key, worstFall, allowed);
    const judgment = judge([...byOrder.values()], { margin: allowed, least, alpha, alphaAt, worstFall });
    const row: GateRow = { key, title: measure.title, margin, ...judgment };
    if (worstFall !== undefined) row.worstFall = worstFall;
    if (reason !== undefined) row.reason = reason;
    if (acknowledged !== undefined) row.acknowledged = acknowledged;
    return candidate.missing.length === 0 ? row : incomplete(row, candidate);
  });
  return {
    ...resultOf(request, metrics),
    alpha,
    look: lookOf(look),
    pairedBy: pairedBy(baseline.cells, candidate.cells),
    notes: [...notesOn(baseline, candidate), ...notesOnLooks(request)],
  };
}

/** What every gate says of the two that it compares. */
export function resultOf(
  { baseline, candidate }: Pick<GateRequest, "baseline" | "candidate">,
  metrics: GateRow[],
): Pick<GateResult, "schema" | "verdict" | "baseline" | "candidate" | "suite" | "metrics"> {
  const verdicts = metrics.map(({ verdict }) => verdict);
  const { name, version, blessedAt, by, reason, model } = baseline;
  const { run, directory, trainer } = candidate;
  return {
    schema: "gate@1",
    verdict: verdicts.includes("fail") ? "fail" : verdicts.includes("inconclusive") ? "inconclusive" : "pass",
    baseline: { name, ...(version !== undefined && { version, blessedAt, by, reason }), modelDigest: model.digest },
    candidate: { directory, run: run.id, trainer: trainer.label, modelDigest: run.model.digest },
    suite: { name: run.suite.name, version: run.suite.version, digest: run.suite.digest },
    metrics,
  };
}

function notWorse(key: string, worstFall: number, margin: number): BenchError {
  return new BenchError("USAGE", `the worst fall of ${key}, ${worstFall}, is not beyond its margin of ${margin}`, {
    fix: "Declare the deepest fall that one order can have: several times the margin.",
  });
}

function lookOf({ number, orders, mostOrders, before, seen }: LookPlan): GateResult["look"] {
  const spent = before.slice(0, number - 1).reduce((sum, { alpha }) => sum + alpha, 0);
  return { number, orders, mostOrders, spent, seen };
}

/** Margins are declared before looking: a change after a look is said. */
function notesOnLooks({ look, margins }: GateRequest): string[] {
  const earlier = look.before.slice(0, look.number - 1).at(-1);
  const last = look.seen ? look.before[look.number - 1] : earlier;
  if (last === undefined) return [];
  const keys = Object.keys(margins).filter((key) => last.margins[key] !== margins[key]);
  if (keys.length === 0) return [];
  return [`margins changed after the look of ${last.at.slice(0, 10)}: ${keys.join(", ")}`];
}

/** A verdict on the cells that happen to be there would not rest on the evidence that was planned. */
function incomplete(row: GateRow, { missing }: Entry): GateRow {
  const reason = `${missing.length} planned cell${missing.length === 1 ? " has" : "s have"} not finished`;
  return { ...row, verdict: "inconclusive", furtherOrders: null, reason };
}

/** Throws BASELINE_MISMATCH where the suites differ. */
export function requireSameSuite(baseline: ComparedBaseline, { run }: Entry): void {
  const { suite } = baseline;
  if (suite.digest === run.suite.digest && suite.quick === run.quick) return;
  const phrase = (digest: string, quick: boolean) => `${digest.slice(0, 12)}${quick ? ", quick" : ""}`;
  const there = `${suite.name} ${suite.version} (${phrase(suite.digest, suite.quick)})`;
  const here = `${run.suite.name} ${run.suite.version} (${phrase(run.suite.digest, run.quick)})`;
  throw new BenchError(
    "BASELINE_MISMATCH",
    `baseline ${baselineText(baseline)} is of ${there}, the candidate of ${here}`,
    {
      fix: "Run the candidate on the suite of the baseline, or bless a baseline on this one.",
    },
  );
}

function notesOn(baseline: ComparedBaseline, candidate: Entry): string[] {
  const notes = trainerNotes(baseline.trainer, candidate.trainer);
  if (baseline.model.digest !== candidate.run.model.digest) notes.push("the base models differ");
  if (baseline.numerics !== candidate.run.numerics) notes.push("the numerics of the engines differ");
  const known = new Set(baseline.cells.map(({ order }) => order));
  const unknown = new Set(candidate.cells.filter(({ order }) => !known.has(order)).map(({ order }) => order));
  if (unknown.size > 0) notes.push(`left out, since the baseline lacks them: ${[...unknown].join(", ")}`);
  notes.push(...candidate.notices);
  return notes;
}
