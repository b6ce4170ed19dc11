import { readConfig, resolveConfig } from "../config/index.js";
import { BenchError } from "../contract/errors.js";
import type { MatrixRecord, RunRecord } from "../contract/result.js";
import { loadRegistry, type Registry } from "../plugins.js";
import { chooseDisplay, silentDisplay } from "../run/display/index.js";
import { executeRun } from "../run/execute.js";
import { withInterrupts } from "../run/interrupt.js";
import { planRun } from "../run/plan/plan.js";
import { readRun, readSamples } from "../run/store/store.js";
import { type CliContext, type CommonOptions, specifiersFor } from "./context.js";

/** How a checkpoint is to be evaluated. */
export interface EvaluateOptions extends CommonOptions {
  suite?: string;
  base?: string;
  trainer?: string;
  quick?: boolean;
  device?: string;
  engine?: string;
  threads?: number;
  config?: string;
  out?: string;
}

/** How a checkpoint answered a suite. */
export interface EvaluatedCheckpoint {
  checkpoint: string;
  /** Run directory. */
  directory: string;
  run: RunRecord;
  /** Score of each task, and of each probe, on 0..1. */
  tasks: Record<string, number | null>;
  probes: Record<string, number | null>;
  /** Mean over the tasks. */
  score: number | null;
  /** Answers that were asked for now, and those that were known. */
  asked: number;
  known: number;
  registry: Registry;
}

/**
 * Puts a suite to a checkpoint as it is, or finds the answers of an earlier time: a run of one cell without training,
 * whose digest is that of checkpoint, suite and decoding. The result is an ordinary run directory.
 *
 * @param suite a suite's reference; that of the configuration or the default without it.
 * @param cancellation who gives it has a display and interrupts of its own.
 * @throws the error of the cell, CANCELLED, and all that a run throws.
 */
export async function evaluateCheckpoint(
  checkpoint: string,
  suite: string | undefined,
  options: EvaluateOptions,
  context: CliContext,
  cancellation?: AbortSignal,
): Promise<EvaluatedCheckpoint> {
  const {
    base,
    trainer = /^https?:\/\//.test(checkpoint) ? "endpoint" : "frozen",
    config: file,
    plugin,
    ...rest
  } = options;
  const { quick, device, engine, threads, out, suite: reader } = rest;
  const request = readConfig(file, {
    ...{ reference: suite, suite: reader, trainers: [trainer], plugins: plugin, quick, device, engine, threads, out },
    ...{ model: base === undefined ? checkpoint : `${base}::${checkpoint}` },
    ...{ seeds: 1, orders: 1, workers: 1, retryFailed: true, keepCheckpoints: "none" },
  });
  const specifiers = specifiersFor(context, request.config.plugins);
  const registry = await loadRegistry(specifiers);
  const plan = await planRun(resolveConfig(request, registry), registry, specifiers);
  if (plan.record.trainers[0]!.schedule !== "once") {
    throw new BenchError("USAGE", `the trainer "${trainer}" learns; a checkpoint is evaluated as it is`, {
      fix: "Use one that does not, such as frozen or icl; `bench run` trains.",
    });
  }
  const display = cancellation === undefined ? chooseDisplay(process.stderr) : silentDisplay();
  const execute = (signal: AbortSignal) => executeRun(plan, { display, cancellation: signal });
  const outcome = cancellation === undefined ? await withInterrupts(display, execute) : await execute(cancellation);
  if (outcome.status === "cancelled") {
    throw new BenchError("CANCELLED", "the evaluation was cancelled", { fix: "The same command starts it again." });
  }
  if (outcome.failures.length > 0) throw BenchError.fromRecord(outcome.failures[0]!.error);
  const stored = readRun(outcome.directory);
  const cell = outcome.run.cells[0]!.id;
  const answers = readSamples(outcome.directory, cell).filter(({ row }) => row === 0).length;
  const scores = scoresOf(stored.matrices[cell]!);
  return {
    ...{ checkpoint, directory: outcome.directory, run: outcome.run, ...scores, registry },
    ...{ asked: outcome.stored ? 0 : answers, known: outcome.stored ? answers : 0 },
  };
}

function scoresOf({ tasks, rows, probes }: MatrixRecord): Pick<EvaluatedCheckpoint, "tasks" | "probes" | "score"> {
  const last = rows.at(-1)!;
  const sum = last.reduce<number | null>(
    (total, score) => (total === null || score === null ? null : total + score),
    0,
  );
  return {
    tasks: Object.fromEntries(tasks.map((task, index) => [task, last[index] ?? null])),
    probes: Object.fromEntries(Object.entries(probes).map(([probe, line]) => [probe, line.at(-1) ?? null])),
    score: sum === null ? null : sum / last.length,
  };
}
