import { userInfo } from "node:os";
import { resolve } from "node:path";
import { type GateSettings, readGateSettings, requireMargins } from "../config/index.js";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import { acknowledge, readAcknowledgements } from "../gate/acknowledge.js";
import { type Baseline, bless, readBaseline } from "../gate/baseline.js";
import { chooseEntry, type Entry, parseSide, readEntries } from "../gate/entry.js";
import { type GateResult, runGate } from "../gate/gate.js";
import { leastOrders } from "../gate/judge.js";
import { type LookPlan, planLook, readLooks, recordLook } from "../gate/looks.js";
import { measureOf } from "../gate/measures.js";
import { gateJunit } from "../gate/outputs/junit.js";
import { gateMarkdown } from "../gate/outputs/markdown.js";
import { gateSarif } from "../gate/outputs/sarif.js";
import { type AppContext, registryFor } from "./context.js";
import { extendGate } from "./extend-gate.js";

/** How a run is to be judged; each member wins over the section `gate` of the configuration file. */
export interface GateOptions {
  /** A configuration file with a section `gate`. */
  config?: string;
  /** Metric's key or task:<id> → how much worse is accepted, in the metric's unit. */
  margins?: Record<string, number>;
  /** Metric's key or task:<id> → the deepest that one task order can fall; the metric is then judged by betting. */
  worstFalls?: Record<string, number>;
  /** Name of the baseline, or name@version. */
  baseline?: string;
  /** Directory of the baselines. */
  baselines?: string;
  /** Which trainer of the run, by its label. */
  trainer?: string;
  /** Where the evidence does not decide, run the further orders that would. */
  extend?: boolean;
  /** Most orders that anyone will look at, by which the error is spent; the cap of `extend`. */
  maxOrders?: number;
  plugins?: string[];
  /** Paths of the files to write the result to, by format. */
  markdown?: string;
  junit?: string;
  sarif?: string;
}

/**
 * Judges a run against a blessed baseline and writes the files that were asked for. Each look at new evidence is recorded
 * beside the baseline, and spends its part of the error of 5%.
 *
 * @param run a run directory, or `<run>:<trainer>`.
 * @throws USAGE without margins or cap, UNKNOWN_NAME for a metric, BASELINE_MISMATCH, CANCELLED.
 */
export async function gateRun(run: string, options: GateOptions, context: AppContext): Promise<GateResult> {
  const { config, margins, worstFalls, baseline: reference, baselines, trainer, maxOrders } = options;
  const flags = { margins, worstFall: worstFalls, baseline: reference, directory: baselines, trainer, maxOrders };
  const settings = readGateSettings(config, flags);
  requireMargins(settings);
  const side = parseSide(run);
  const entry = () => chooseEntry(readEntries(side.directory), side.trainer ?? settings.trainer);
  const baseline = readBaseline(settings.directory, settings.baseline);
  const registry = await registryFor(context, [...settings.plugins, ...(options.plugins ?? [])]);
  const known = registry.allMetrics();
  for (const key of Object.keys(settings.margins)) measureOf(key, baseline.suite.tasks, settings.locate(key), known);
  const judged = (candidate: Entry) => {
    const look = planLook(readLooks(settings.directory, baseline.name), baseline, candidate, settings.maxOrders);
    const result = runGate({
      baseline,
      candidate,
      margins: settings.margins,
      worstFalls: settings.worstFall,
      acknowledgements: readAcknowledgements(settings.directory, baseline.name),
      today: new Date().toISOString().slice(0, 10),
      look,
      known,
    });
    remember(look, result, candidate, settings);
    return result;
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

/** A gate that cannot decide, for want of orders or cells, is no look. */
function remember(look: LookPlan, result: GateResult, candidate: Entry, settings: GateSettings): void {
  if (look.seen || look.orders < leastOrders || candidate.missing.length > 0) return;
  const { comparison, evidence, orders, alpha } = look;
  const { margins, directory } = settings;
  const { name, version } = result.baseline;
  const at = new Date().toISOString();
  const { verdict } = result;
  recordLook(directory, name, {
    at,
    by: userInfo().username,
    version,
    comparison,
    evidence,
    orders,
    alpha,
    margins,
    verdict,
  });
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
