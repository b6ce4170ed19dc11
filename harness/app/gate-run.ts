import { resolve } from "node:path";
import { type GateSettings, readGateSettings, requireMargins } from "../config/index.js";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import { acknowledge, readAcknowledgements } from "../gate/acknowledge.js";
import { type Baseline, bless, readBaseline } from "../gate/baseline.js";
import { chooseEntry, type Entry, parseSide, readEntries } from "../gate/entry.js";
import { extensionOf } from "../gate/extend.js";
import { type GateResult, runGate } from "../gate/gate.js";
import { measureOf } from "../gate/measures.js";
import { gateJunit } from "../gate/outputs/junit.js";
import { gateMarkdown } from "../gate/outputs/markdown.js";
import { gateSarif } from "../gate/outputs/sarif.js";
import type { AppContext } from "./context.js";
import { extendGate } from "./extend-gate.js";

/** How a run is to be judged; each member wins over the section `gate` of the configuration file. */
export interface GateOptions {
  /** A configuration file with a section `gate`. */
  config?: string;
  /** Metric's key or task:<id> → how much worse is accepted, in the metric's unit. */
  margins?: Record<string, number>;
  /** Name of the baseline, or name@version. */
  baseline?: string;
  /** Directory of the baselines. */
  baselines?: string;
  /** Which trainer of the run, by its label. */
  trainer?: string;
  /** Where the evidence does not decide, run the further orders that would, once. */
  extend?: boolean;
  /** Most orders of an extended run. */
  maxOrders?: number;
  /** Paths of the files to write the result to, by format. */
  markdown?: string;
  junit?: string;
  sarif?: string;
}

/**
 * Judges a run against a blessed baseline and writes the files that were asked for. A gate that may extend looks at the
 * evidence twice, so each look gets half of the error of 5% (Bonferroni).
 *
 * @param run a run directory, or `<run>:<trainer>`.
 * @throws USAGE without margins or cap, UNKNOWN_NAME for a metric, BASELINE_MISMATCH, CANCELLED.
 */
export async function gateRun(run: string, options: GateOptions, context: AppContext): Promise<GateResult> {
  const { config, margins, baseline: reference, baselines, trainer, maxOrders } = options;
  const flags = { margins, baseline: reference, directory: baselines, trainer, maxOrders };
  const settings = readGateSettings(config, flags);
  requireMargins(settings);
  const side = parseSide(run);
  const entry = () => chooseEntry(readEntries(side.directory), side.trainer ?? settings.trainer);
  const baseline = readBaseline(settings.directory, settings.baseline);
  for (const key of Object.keys(settings.margins)) measureOf(key, baseline.suite.tasks, settings.locate(key));
  const judged = (candidate: Entry) => {
    const looks = options.extend === true || extensionOf(candidate) !== undefined ? 2 : 1;
    return runGate({
      baseline,
      candidate,
      margins: settings.margins,
      acknowledgements: readAcknowledgements(settings.directory, baseline.name),
      today: new Date().toISOString().slice(0, 10),
      alpha: 0.05 / looks,
    });
  };
  const candidate = entry();
  let result = judged(candidate);
  if (options.extend && result.verdict === "inconclusive") {
    const reason = await extendGate(result, baseline, candidate, capOf(settings), context);
    result = judged(entry());
    if (reason !== undefined) result.notes.push(reason);
  }
  writeOutputs(result, options, settings.locate);
  return result;
}

function capOf({ maxOrders }: GateSettings): number {
  if (maxOrders !== undefined) return maxOrders;
  throw new BenchError("USAGE", "--extend needs a cap", {
    fix: "Declare it beforehand: --max-orders 10, or `gate: { maxOrders: 10 }` in the configuration.",
  });
}

function writeOutputs(
  result: GateResult,
  { markdown, junit, sarif }: GateOptions,
  locate: Parameters<typeof gateSarif>[1],
): void {
  if (markdown !== undefined) writeFileAtomically(resolve(markdown), gateMarkdown(result));
  if (junit !== undefined) writeFileAtomically(resolve(junit), gateJunit(result));
  if (sarif !== undefined) writeFileAtomically(resolve(sarif), gateSarif(result, locate));
}

/** Who decides what, and why; recorded in the baselines' directory. */
export interface Decision {
  /** A configuration file with a section `gate`. */
  config?: string;
  /** Directory of the baselines. */
  baselines?: string;
  by: string;
  reason: string;
}

/** A decision that a run is the baseline of that name. */
export interface BlessOptions extends Decision {
  name: string;
}

/** Makes a run the next version of a baseline. */
export function blessRun(run: string, options: BlessOptions): { baseline: Baseline; file: string } {
  const { directory, trainer } = readGateSettings(options.config, { directory: options.baselines });
  const side = parseSide(run);
  const entry = chooseEntry(readEntries(side.directory), side.trainer ?? trainer);
  return bless(entry, { directory, name: options.name, by: options.by, reason: options.reason });
}

/** Records that a metric may be worse for a while. Returns the file of the record. */
export function acknowledgeRegression(
  metric: string,
  options: Decision & { margin: number; until: string; baseline?: string },
): string {
  const { config, baselines, baseline: reference, margin, until, by, reason } = options;
  const settings = readGateSettings(config, { directory: baselines, baseline: reference });
  const baseline = readBaseline(settings.directory, settings.baseline);
  measureOf(metric, baseline.suite.tasks);
  const acknowledgedAt = new Date().toISOString();
  return acknowledge(settings.directory, baseline.name, { metric, margin, by, reason, until, acknowledgedAt });
}
