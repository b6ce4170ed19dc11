/**
 * The public API of bench: what the command line does, as functions that take data and return data. Whatever is wrong
 * is thrown as a {@link BenchError}; nothing is printed and no exit code is set.
 *
 * @module
 */

import { type EvaluateOptions, evaluateCheckpoint } from "./harness/app/checkpoints/evaluate-checkpoint.js";
import type { AppContext } from "./harness/app/context.js";
import { registryFor } from "./harness/app/context.js";
import { type BlessOptions, blessRun, type GateOptions, gateRun } from "./harness/app/gate/gate-run.js";
import { planSuite, runSuite, type SuiteRunOptions } from "./harness/app/run-suite.js";
import { BenchError } from "./harness/contract/errors.js";
import type { RunEvent } from "./harness/contract/event.js";
import type { Metric, MetricDefinition, MetricDescription, MetricValue } from "./harness/contract/metric.js";
import type { CellRecord, Leaderboard, MatrixRecord, ModelRecord, RunRecord } from "./harness/contract/result.js";
import type { Baseline } from "./harness/gate/baseline.js";
import type { Comparison } from "./harness/gate/compare.js";
import { compareSides } from "./harness/gate/compare-sides.js";
import type { GateResult } from "./harness/gate/gate.js";
import {
  builtInMetrics,
  computeMetrics,
  metricOf,
  metricsOfMatrices,
  parseMatrix,
  type ResultTool,
  readMatrix,
  resultReaders,
} from "./harness/metrics/index.js";
import type { Registry } from "./harness/plugins.js";
import { observedDisplay, silentDisplay } from "./harness/run/display/index.js";
import { executeRun } from "./harness/run/execute.js";
import { rooms } from "./rooms.js";

export type { EvaluateOptions } from "./harness/app/checkpoints/evaluate-checkpoint.js";
export type { BlessOptions, GateOptions } from "./harness/app/gate/gate-run.js";
export type * from "./harness/contract/alert.js";
export type * from "./harness/contract/config.js";
export type * from "./harness/contract/dashboard.js";
export type * from "./harness/contract/engine.js";
export {
  BenchError,
  type ErrorCode,
  type ErrorLocation,
  type ErrorRecord,
  type ExitCode,
  errorCodes,
} from "./harness/contract/errors.js";
export type * from "./harness/contract/event.js";
export type * from "./harness/contract/launcher.js";
export type * from "./harness/contract/metric.js";
export type { MonitorAlert, MonitorKind } from "./harness/contract/monitor.js";
export type * from "./harness/contract/plugin.js";
export type * from "./harness/contract/registry.js";
export type * from "./harness/contract/result.js";
export type * from "./harness/contract/results/board.js";
export type * from "./harness/contract/results/claim.js";
export type * from "./harness/contract/results/history.js";
export type * from "./harness/contract/results/suite-record.js";
export type { RolloutMetric, RolloutPhase, RolloutPolicy } from "./harness/contract/rollout.js";
export type * from "./harness/contract/suite.js";
export type * from "./harness/contract/trainer.js";
export type { Acknowledgement } from "./harness/gate/acknowledge.js";
export type { Baseline } from "./harness/gate/baseline.js";
export type { Bounds } from "./harness/gate/bootstrap.js";
export type { ComparedSide, Comparison, ComparisonRow, ComparisonVerdict } from "./harness/gate/compare.js";
export type { Flip, Flips } from "./harness/gate/flips.js";
export type { GateResult, GateRow } from "./harness/gate/gate.js";
export type { Answer, Answers } from "./harness/gate/items/answers.js";
export type { ItemEvidence } from "./harness/gate/items/compare-items.js";
export type { ItemFlip } from "./harness/gate/items/pair-items.js";
export type { Judgment, Verdict } from "./harness/gate/judge.js";
export type { Observed, PairedBy } from "./harness/gate/pairing.js";
export type { ResultTool } from "./harness/metrics/index.js";
export type { PluginKind, Registry } from "./harness/plugins.js";

/** How a program follows a run and stops it. */
export interface Observation {
  /** When it aborts, running cells stop at their next step and keep what they have finished. */
  signal?: AbortSignal;
  /**
   * Called for everything that happens in the run, in order; nothing waits for it. If it throws, the run goes on and it
   * is called no more.
   */
  onEvent?(event: RunEvent): void;
}

/** What a run is asked for; each member wins over the configuration file. */
export interface RunOptions extends SuiteRunOptions, Observation {}

/** A run after its last cell. */
export interface RunResult {
  /** `failed` as soon as one cell failed; `cancelled` when it was stopped before all cells ended. */
  status: "done" | "failed" | "cancelled";
  /** Run directory. */
  directory: string;
  /** What was asked for and on what. */
  run: RunRecord;
  /** One row for each trainer: every metric with its interval, ranks, cost and privileges. */
  leaderboard: Leaderboard;
  /** By cell id; finished cells only. */
  matrices: Record<string, MatrixRecord>;
  /** The cells that failed, and why. */
  failures: { cell: CellRecord; error: BenchError }[];
  /** True when nothing was left to do: this is the stored result. */
  stored: boolean;
  /** Path of the report to open first; null where none was made. */
  report: string | null;
  /** What kept a reporter from writing. */
  reportErrors: BenchError[];
}

/**
 * Trains, measures and compares: trainers × orders × seeds on a suite. What the run directory contains already is not
 * computed again.
 *
 * @param suite a suite's name, a data directory, `hf://datasets/owner/name` or `name:location`; that of the
 *   configuration, or the default one, when undefined.
 * @returns also when cells failed or the run was cancelled: see `status`.
 * @throws {@link BenchError} for whatever is wrong with what was asked for, before anything runs.
 */
export async function run(suite?: string, options: RunOptions = {}): Promise<RunResult> {
  const { signal, onEvent, ...rest } = options;
  const context = contextOf({ signal, onEvent });
  const { outcome, leaderboard, stored, reports } = await runSuite(await planSuite(suite, rest, context), context);
  return {
    ...{ status: outcome.status, directory: outcome.directory, run: outcome.run, stored: outcome.stored },
    ...{ leaderboard, matrices: stored.matrices, report: reports.report, reportErrors: reports.errors },
    failures: outcome.failures.map(({ cell, error }) => ({ cell, error: BenchError.fromRecord(error) })),
  };
}

/** How a checkpoint answered a suite. */
export interface Evaluation {
  /** As it was given, with the settings of a server in its address. */
  checkpoint: string;
  /** Run directory. */
  directory: string;
  /** The suite that was put to it. */
  suite: { name: string; version: string; digest: string };
  /** The model as it was found. */
  model: ModelRecord;
  /** Task → score on 0..1; null where it was not measured. */
  tasks: Record<string, number | null>;
  /** Probe → score on 0..1; null where it was not measured. */
  probes: Record<string, number | null>;
  /** Mean over the tasks. */
  score: number | null;
  /** Answers that were computed now. */
  asked: number;
  /** Answers that were known from an earlier evaluation. */
  known: number;
}

/**
 * Puts a suite to a checkpoint as it is. Equal checkpoints, suites and decodings are not evaluated twice.
 *
 * @param checkpoint a model directory, an adapter, `hf://owner/name[@revision]` or `http://host:port/v1`.
 * @param suite as for {@link run}.
 * @throws {@link BenchError} for whatever is wrong with what was asked for; the cell's error; CANCELLED.
 */
export async function evaluate(
  checkpoint: string,
  suite?: string,
  options: EvaluateOptions & Observation = {},
): Promise<Evaluation> {
  const { signal, onEvent, ...rest } = options;
  const evaluated = await evaluateCheckpoint(checkpoint, suite, rest, contextOf({ signal, onEvent }));
  const { registry: _registry, run: record, ...result } = evaluated;
  const { name, version, digest } = record.suite;
  return { ...result, suite: { name, version, digest }, model: record.model };
}

/**
 * Judges a run against a blessed baseline, metric by metric, by margins declared beforehand.
 *
 * @param directory a run directory, or `<run>:<trainer>`.
 * @throws {@link BenchError} USAGE without margins, UNKNOWN_NAME for a metric, BASELINE_MISMATCH, CANCELLED.
 */
export async function gate(directory: string, options: GateOptions & Observation): Promise<GateResult> {
  const { signal, onEvent, ...rest } = options;
  return gateRun(directory, rest, contextOf({ signal, onEvent }));
}

/**
 * Makes a finished run the next version of a baseline.
 *
 * @param directory a run directory, or `<run>:<trainer>`.
 * @returns the baseline and the path of its file, to be committed.
 * @throws {@link BenchError} USAGE where cells are missing or the run has several trainers.
 */
export function bless(directory: string, options: BlessOptions): { baseline: Baseline; file: string } {
  return blessRun(directory, options);
}

/**
 * Compares two runs, two trainers or two versions of a model: paired differences with intervals, answers that flipped,
 * cost. Two runs without trainers are compared for every label that both have.
 *
 * @param baseline a run directory, or `<run>:<trainer>`.
 * @param candidate a run directory, or `<run>:<trainer>`.
 * @param keys of metrics; the usual ones without it.
 * @param definitions of further metrics.
 * @throws {@link BenchError} STORAGE, UNKNOWN_NAME, USAGE, RUN_MISMATCH.
 */
export function compare(
  baseline: string,
  candidate: string,
  keys?: readonly string[],
  definitions?: readonly MetricDefinition[],
): Comparison[] {
  return compareSides(baseline, candidate, keys, metricsWith(definitions));
}

/** An accuracy matrix that anyone made. */
export interface Matrix {
  /** T+1 rows of T scores, the untrained model first, or T rows without it; null where nothing was measured. */
  rows: (number | null)[][];
  /** Names of the T columns; numbered without it. */
  tasks?: string[];
}

/** A metric's value with what it is. */
export type MeasuredMetric = MetricDescription & MetricValue;

/** How a matrix is read. */
export interface MetricsOptions {
  /** The matrix of joint training on the same tasks. */
  joint?: string | Matrix;
  /** Scores are on 0..100. */
  percent?: boolean;
  /** What wrote the results at the path, which are read as they are. */
  from?: ResultTool;
  /** Further metrics. */
  definitions?: readonly MetricDefinition[];
}

/**
 * Computes every metric of an accuracy matrix. One that lacks cells is null with its reason.
 *
 * @param matrix a path of matrix.json, of another framework's table or results, or the matrix itself.
 * @throws {@link BenchError} DATA_INVALID with the place and what is expected.
 */
export function metrics(
  matrix: string | Matrix,
  { joint, percent = false, from, definitions }: MetricsOptions = {},
): MeasuredMetric[] {
  const read = (source: string | Matrix, name: string) => {
    if (typeof source !== "string") return parseMatrix(JSON.stringify(source), name, percent);
    return from === undefined ? readMatrix(source, percent) : resultReaders[from](source);
  };
  const known = metricsWith(definitions);
  const values = computeMetrics(read(matrix, "matrix"), joint === undefined ? undefined : read(joint, "joint"), known);
  return metricsOfMatrices(known).map(({ compute: _compute, ...description }) => ({
    ...description,
    ...values[description.key]!,
  }));
}

/**
 * Loads the built-in plug-ins and further ones, and checks them against the contract.
 *
 * @param plugins paths, npm packages as the working directory sees them, or `command:<words>`.
 * @throws {@link BenchError} PLUGIN_INVALID, DUPLICATE_NAME.
 */
export function loadRegistry(plugins: readonly string[] = []): Promise<Registry> {
  return registryFor({ builtIns: rooms }, plugins);
}

const metricsWith = (further: readonly MetricDefinition[] = []): Metric[] => [
  ...builtInMetrics,
  ...further.map(metricOf),
];

/** A context that runs plans without a terminal. */
function contextOf({ signal, onEvent }: Observation): AppContext {
  const own = onEvent === undefined ? [] : [{ name: "onEvent", start: () => onEvent }];
  return {
    builtIns: rooms,
    execute: (plan, observers = []) =>
      executeRun(plan, { display: observedDisplay(silentDisplay(), [...own, ...observers]), cancellation: signal }),
  };
}
