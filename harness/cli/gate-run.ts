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
import { type CliContext, type CommonOptions, printJson } from "./context.js";
import { extendGate } from "./extend-gate.js";
import { gateLines } from "./text/gate-lines.js";

/** What `bench gate` was given beside its argument. */
export interface GateOptions extends CommonOptions {
  config?: string;
  margin?: Record<string, number>;
  baseline?: string;
  baselines?: string;
  trainer?: string;
  extend?: boolean;
  maxOrders?: number;
  allowInconclusive?: boolean;
  markdown?: string;
  junit?: string;
  sarif?: string;
}

const exitCodes = { pass: 0, fail: 1, inconclusive: 3 };

/**
 * Judges a run, writes what was asked for, and sets the exit code: 0 pass, 1 fail, 3 inconclusive. A gate that may
 * extend looks at the evidence twice, so each look gets half of the error of 5% (Bonferroni).
 */
export async function gateRun(run: string, options: GateOptions, context: CliContext): Promise<void> {
  const { config, margin, baseline: reference, baselines, trainer, maxOrders } = options;
  const flags = { margins: margin, baseline: reference, directory: baselines, trainer, maxOrders };
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
  if (options.json) printJson(context, result);
  else context.print(`${gateLines(result, context).join("\n")}\n`);
  const tolerated = result.verdict === "inconclusive" && options.allowInconclusive === true;
  process.exitCode = tolerated ? 0 : exitCodes[result.verdict];
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

interface Decision {
  config?: string;
  baselines?: string;
  by: string;
  reason: string;
}

/** Makes a run the next version of a baseline. */
export function blessRun(run: string, options: Decision & { name: string }): { baseline: Baseline; file: string } {
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
