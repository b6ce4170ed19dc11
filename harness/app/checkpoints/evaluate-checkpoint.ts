import { evaluator, readConfig, resolveConfig } from "../../config/index.js";
import { BenchError } from "../../contract/errors.js";
import type { RunRecord } from "../../contract/result.js";
import { loadRegistry, type Registry } from "../../plugins.js";
import { planRun } from "../../run/plan/plan.js";
import { readRun, readSamples } from "../../run/store/store.js";
import { type AppContext, specifiersFor } from "../context.js";
import { type EndpointSettings, withEndpointSettings } from "../endpoint-address.js";
import { type FinalScores, finalScores } from "./final-scores.js";

/** How a checkpoint is to be evaluated. */
export interface EvaluateOptions extends EndpointSettings {
  /** The suite that reads the reference as a location. */
  suite?: string;
  /** The model that an adapter belongs to, where it does not say so itself. */
  base?: string;
  /** How questions are put: a trainer that does not learn. */
  trainer?: string;
  /** A smaller, honest configuration, for smoke tests. */
  quick?: boolean;
  device?: string;
  /** A name from `bench list engines`; the default one without it. */
  engine?: string;
  /** The type of the weights; float32 without it. */
  dtype?: "float32" | "bfloat16";
  /** Path of the interpreter, for an engine that computes in Python. */
  python?: string;
  /** Whether a model that has a chat template is asked through it; it is unless `never`. */
  chat?: "auto" | "never";
  threads?: number;
  /** A configuration file: its suite and its plug-ins. */
  config?: string;
  /** Run directory. */
  out?: string;
  plugins?: string[];
}

/** How a checkpoint answered a suite. */
export interface EvaluatedCheckpoint extends FinalScores {
  checkpoint: string;
  /** Run directory. */
  directory: string;
  run: RunRecord;
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
 * @throws the error of the cell, CANCELLED, and all that a run throws.
 */
export async function evaluateCheckpoint(
  reference: string,
  suite: string | undefined,
  options: EvaluateOptions,
  context: AppContext,
): Promise<EvaluatedCheckpoint> {
  const checkpoint = withEndpointSettings(reference, options);
  const { base, trainer, config: file, ...flags } = options;
  const request = readConfig(file, {
    ...flags,
    reference: suite,
    trainers: trainer === undefined ? [] : [trainer],
    model: base === undefined ? checkpoint : `${base}::${checkpoint}`,
    ...{ seeds: 1, orders: 1, workers: 1, retryFailed: true, keepCheckpoints: "none" },
  });
  const specifiers = specifiersFor(context, request.config.plugins);
  const registry = await loadRegistry(specifiers);
  if (trainer === undefined) {
    const kind = /^https?:\/\//.test(checkpoint) ? "server" : "checkpoint";
    const { name } = evaluator(registry.allTrainers(), kind);
    request.config.trainers = [{ name, label: name, options: {} }];
  }
  const plan = await planRun(resolveConfig(request, registry), registry, specifiers);
  if (plan.record.trainers[0]!.schedule !== "once") {
    const others = registry.allTrainers().filter(({ schedule }) => schedule === "once");
    throw new BenchError("USAGE", `the trainer "${trainer}" learns; a checkpoint is evaluated as it is`, {
      fix: `Use one that does not: ${others.map(({ name }) => name).join(", ")}. \`bench run\` trains.`,
    });
  }
  const outcome = await context.execute(plan);
  if (outcome.status === "cancelled") {
    throw new BenchError("CANCELLED", "the evaluation was cancelled", { fix: "The same command starts it again." });
  }
  if (outcome.failures.length > 0) throw BenchError.fromRecord(outcome.failures[0]!.error);
  const stored = readRun(outcome.directory);
  const cell = outcome.run.cells[0]!.id;
  const answers = readSamples(stored.files, cell).filter(({ row }) => row === 0).length;
  const scores = finalScores(stored.matrices[cell]!);
  return {
    ...{ checkpoint, directory: outcome.directory, run: outcome.run, ...scores, registry },
    ...{ asked: outcome.stored ? 0 : answers, known: outcome.stored ? answers : 0 },
  };
}
