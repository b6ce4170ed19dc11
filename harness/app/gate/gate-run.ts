import { userInfo } from "node:os";
import { resolve } from "node:path";
import { type GateSettings, readGateSettings, requireMargins } from "../../config/index.js";
import { BenchError } from "../../contract/errors.js";
import { writeOutput } from "../../contract/files.js";
import { acknowledge, readAcknowledgements } from "../../gate/acknowledge.js";
import { type Baseline, bless, type ComparedBaseline, readBaseline, unblessed } from "../../gate/baseline.js";
import { type Entry, readEntry } from "../../gate/entry.js";
import { type GateResult, runGate } from "../../gate/gate.js";
import { isEvaluated } from "../../gate/items/answers.js";
import { leastOrders } from "../../gate/judge.js";
import { type LookPlan, planLook, readLooks, recordLook } from "../../gate/looks.js";
import { measuredSuite, measureOf } from "../../gate/measures.js";
import { gateJunit } from "../../gate/outputs/junit.js";
import { gateMarkdown } from "../../gate/outputs/markdown.js";
import { gateSarif } from "../../gate/outputs/sarif.js";
import type { ReadingOptions } from "../../run/store/store.js";
import { type AppContext, registryFor } from "../context.js";
import { extendGate } from "./extend-gate.js";
import { judgeItems } from "./gate-items.js";

/** How a run is to be judged; each member wins over the section `gate` of the configuration file. */
export interface GateOptions {
  /** A configuration file with a section `gate`. */
  config?: string;
  /** Key of a measure (a metric, `task:<id>`, `probe:<id>` or a kind of probe) → how much worse is accepted, in the metric's unit. */
  margins?: Record<string, number>;
  /** Key of a measure → the deepest that one task order can fall; the metric is then judged by betting. */
  worstFalls?: Record<string, number>;
  /** Name of the baseline, or name@version. */
  baseline?: string;
  /** Directory of the baselines. */
  baselines?: string;
  /** A run of an evaluated model to compare with, in place of a baseline. */
  against?: string;
  /** Which trainer of the run, by its label. */
  trainer?: string;
  /** Where the evidence does not decide, run the further orders that would. */
  extend?: boolean;
  /** Digest of the plug-ins that the run names, as consent to execute them for further orders. */
  trustPlugins?: string;
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
 * next to the baseline, and spends its part of the error of 5%.
 *
 * @param run a run directory, or `<run>:<trainer>`.
 * @throws USAGE without margins or cap, UNKNOWN_NAME for a metric, BASELINE_MISMATCH, CANCELLED.
 */
export async function gateRun(run: string, options: GateOptions, context: AppContext): Promise<GateResult> {
  const { config, margins, worstFalls, baseline: reference, baselines, trainer, maxOrders, against } = options;
  const flags = { margins, worstFall: worstFalls, baseline: reference, directory: baselines, trainer, maxOrders };
  const settings = readGateSettings(config, flags);
  requireMargins(settings);
  const entry = () => readEntry(run, settings.trainer);
  const candidate = entry();
  const baseline =
    against === undefined
      ? readBaseline(settings.directory, settings.baseline)
      : unblessed(readEntry(against, settings.trainer), against);
  const result =
    isEvaluated(candidate.trainer) && isEvaluated(baseline.trainer)
      ? judgeItems(candidate, baseline, settings)
      : await judgeOrders(candidate, entry, requireBlessed(baseline), settings, options, context);
  writeOutputs(result, options, settings.locate);
  return result;
}

/**
 * A trainer that learned: task orders are counted, and looks.
 *
 * @param readAgain the candidate with the cells that an extension ran.
 */
async function judgeOrders(
  candidate: Entry,
  readAgain: () => Entry,
  baseline: Baseline,
  settings: GateSettings,
  { extend, plugins, trustPlugins }: GateOptions,
  context: AppContext,
): Promise<GateResult> {
  const registry = await registryFor(context, [...settings.plugins, ...(plugins ?? [])]);
  const known = registry.allMetrics();
  const suite = measuredSuite(baseline);
  for (const key of Object.keys(settings.margins)) measureOf(key, suite, settings.locate(key), known);
  const judged = (entry: Entry) => {
    const look = planLook(readLooks(settings.directory, baseline.name), baseline, entry, settings.maxOrders);
    const result = runGate({
      baseline,
      candidate: entry,
      margins: settings.margins,
      worstFalls: settings.worstFall,
      acknowledgements: readAcknowledgements(settings.directory, baseline.name),
      today: new Date().toISOString().slice(0, 10),
      look,
      known,
    });
    remember(look, result, entry, settings, baseline);
    return result;
  };
  const result = judged(candidate);
  if (extend !== true || result.verdict !== "inconclusive") return result;
  const reason = await extendGate(result, baseline, candidate, { cap: capOf(settings), trustPlugins }, context);
  const extended = judged(readAgain());
  return reason === undefined ? extended : { ...extended, notes: [...extended.notes, reason] };
}

function requireBlessed(baseline: ComparedBaseline): Baseline {
  const { version, blessedAt, by, reason } = baseline;
  if (version !== undefined && blessedAt !== undefined && by !== undefined && reason !== undefined) {
    return { ...baseline, version, blessedAt, by, reason };
  }
  throw new BenchError(
    "USAGE",
    "--against compares two evaluated models; a trainer that learns needs a blessed baseline",
    {
      fix: `Bless it, since looks at it are counted: bench gate bless ${baseline.name} --reason "…"`,
    },
  );
}

/** A gate that cannot decide, for want of orders or cells, is no look. */
function remember(
  look: LookPlan,
  result: GateResult,
  candidate: Entry,
  settings: GateSettings,
  { name, version }: Baseline,
): void {
  if (look.seen || look.orders < leastOrders || candidate.missing.length > 0) return;
  const { comparison, evidence, orders, alpha } = look;
  const { margins, directory } = settings;
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
  if (markdown !== undefined) writeOutput(resolve(markdown), gateMarkdown(result));
  if (junit !== undefined) writeOutput(resolve(junit), gateJunit(result));
  if (sarif !== undefined) writeOutput(resolve(sarif), gateSarif(result, locate));
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
export interface BlessOptions extends Decision, ReadingOptions {
  name: string;
}

/** Makes a run the next version of a baseline. */
export function blessRun(run: string, options: BlessOptions): { baseline: Baseline; file: string } {
  const { directory, trainer } = readGateSettings(options.config, { directory: options.baselines });
  const entry = readEntry(run, trainer);
  for (const text of entry.notices) options.notice?.(text);
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
  measureOf(metric, measuredSuite(baseline));
  const acknowledgedAt = new Date().toISOString();
  return acknowledge(settings.directory, baseline.name, { metric, margin, by, reason, until, acknowledgedAt });
}
