import { type GateSettings, readGateSettings, requireMargins } from "../../config/index.js";
import { BenchError } from "../../contract/errors.js";
import { readAcknowledgements } from "../../gate/acknowledge.js";
import { baselineText, type ComparedBaseline } from "../../gate/baseline.js";
import { type Entry, readEntry } from "../../gate/entry.js";
import type { GateResult } from "../../gate/gate.js";
import { type Answers, answersOf, independentItems, isEvaluated } from "../../gate/items/answers.js";
import { type Reach, reachOf } from "../../gate/items/compare-items.js";
import { answeredSuite, itemAlpha, learningMetrics, runItemGate } from "../../gate/items/item-gate.js";
import { itemMeasureOf } from "../../gate/items/item-measures.js";
import type { ReadingOptions } from "../../run/store/store.js";

/**
 * Judges a model that was evaluated as it is against another one, item by item.
 *
 * @param answers of the candidate, where they were read already.
 * @throws USAGE for a metric of learning or an unfinished evaluation; UNKNOWN_NAME; BASELINE_MISMATCH.
 */
export function judgeItems(
  candidate: Entry,
  baseline: ComparedBaseline,
  settings: GateSettings,
  answers?: Answers,
): GateResult {
  const { name, version } = baseline;
  requireItemMargins(settings, candidate);
  if (candidate.missing.length > 0) {
    throw new BenchError("USAGE", "the evaluation of the candidate has not finished", {
      fix: `Finish it first: ${candidate.run.command}`,
    });
  }
  if (baseline.answers === undefined) {
    throw new BenchError(
      "BASELINE_MISMATCH",
      `baseline ${baselineText(baseline)} keeps no answers to compare item by item`,
      {
        fix: "Bless the evaluation again, or compare with its run: --against <run>.",
      },
    );
  }
  const acknowledgements = version === undefined ? [] : readAcknowledgements(settings.directory, name);
  const today = new Date().toISOString().slice(0, 10);
  return runItemGate({
    baseline: { ...baseline, answers: baseline.answers },
    candidate,
    answers,
    margins: settings.margins,
    acknowledgements,
    today,
  });
}

/** Throws USAGE for the margin of a metric of learning; UNKNOWN_NAME for one of nothing that the entry answered. */
export function requireItemMargins({ margins, locate }: GateSettings, entry: Entry): void {
  for (const key of Object.keys(margins)) itemMeasureOf(key, answeredSuite(entry), learningMetrics, locate(key));
}

/** What a gate on evaluated models could find out, before anything is compared. */
export interface GatePlan {
  suite: { name: string; version: string };
  alpha: number;
  /** Assumed share of answers that two models of equal skill give differently. */
  flips: number;
  metrics: (Reach & { key: string; margin: number })[];
}

/** Share of answers that flip between neighboring checkpoints, as a plan assumes it. */
const assumedFlips = 0.1;

/**
 * Says beforehand what margins and falls the items of an evaluated model can tell.
 *
 * @param run an evaluation of any model on the suite. Throws USAGE for a run that learned, or without margins.
 */
export function planGate(
  run: string,
  options: { config?: string; margins?: Record<string, number>; trainer?: string } & ReadingOptions,
): GatePlan {
  const settings = readGateSettings(options.config, { margins: options.margins, trainer: options.trainer });
  requireMargins(settings);
  const entry = readEntry(run, settings.trainer);
  for (const text of entry.notices) options.notice?.(text);
  if (!isEvaluated(entry.trainer)) {
    throw new BenchError(
      "USAGE",
      `"${entry.trainer.label}" learned; --plan is for models that are evaluated as they are`,
      {
        fix: "How many orders a gate needs by margin and spread: harness/gate/README.md.",
      },
    );
  }
  const counts = independentItems(answersOf(entry));
  const { name, version } = entry.run.suite;
  const metrics = Object.entries(settings.margins).map(([key, margin]) => {
    const measure = itemMeasureOf(key, answeredSuite(entry), learningMetrics, settings.locate(key));
    return { key, margin, ...reachOf(measure, counts, margin, itemAlpha, assumedFlips) };
  });
  return { suite: { name, version }, alpha: itemAlpha, flips: assumedFlips, metrics };
}
