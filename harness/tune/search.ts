import { dirname, join } from "node:path";
import { silentAlerts } from "../contract/alert.js";
import type { RunConfig, TrainerConfig } from "../contract/config.js";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import type { RunRecord } from "../contract/result.js";
import type { SearchSpace } from "../contract/trainer.js";
import type { Registry } from "../plugins.js";
import type { RunOutcome } from "../run/execute.js";
import type { OpenInputs } from "../run/plan/inputs.js";
import { planRun, type RunPlan } from "../run/plan/plan.js";
import { readRun } from "../run/store/store.js";
import { type Candidate, drawCandidates } from "./candidates.js";
import { type Rung, rungsOf, type Search } from "./rungs.js";
import { rankCandidates, type ScoredCandidate } from "./scoring.js";

/** What is tuned, on what, and how. */
export interface TuneRequest {
  /** Of the runs; its one trainer has the options that the space varies, defaults filled in. */
  config: RunConfig;
  space: SearchSpace;
  search: Search;
  /** How a rung of so many tasks gets its data and the model. */
  inputs(tasks: number): OpenInputs;
  objective: Metric;
  /** Keys the draws. */
  seed: number;
  registry: Registry;
  plugins: readonly string[];
}

/** A rung after it ran. */
export interface FinishedRung extends Rung {
  directory: string;
  /** As it was begun: a search that is resumed keeps its date and command. */
  run: RunRecord;
  /** The best first. */
  ranked: ScoredCandidate[];
}

/** The trainer that a request tunes. */
export const trainerOf = ({ config }: TuneRequest): TrainerConfig => config.trainers[0]!;

/**
 * What a search will do, rung by rung, for an estimate: candidates of later rungs are not known yet, so the first ones
 * are used in their place.
 */
export async function planSearch(request: TuneRequest): Promise<RunPlan[]> {
  const candidates = candidatesOf(request);
  const plans: RunPlan[] = [];
  for (const [index, rung] of rungsFor(request, candidates).entries()) {
    plans.push(await planRung(request, index, rung, candidates.slice(0, rung.candidates), plans[0]?.directory));
  }
  return plans;
}

/**
 * Runs a search: each rung is a run of its candidates as ordinary trainers, in its own directory, so that it is
 * resumed where it stopped and never computes a cell twice.
 *
 * @param execute runs a plan to its end.
 * @throws CANCELLED; CELL_FAILED where not even the default configuration has a score.
 */
export async function searchSpace(
  request: TuneRequest,
  execute: (plan: RunPlan) => Promise<RunOutcome>,
): Promise<FinishedRung[]> {
  const finished: FinishedRung[] = [];
  let left = candidatesOf(request);
  const rungs = rungsFor(request, left);
  for (const [index, rung] of rungs.entries()) {
    const plan = await planRung(request, index, rung, left, finished[0]?.directory);
    const outcome = await execute(plan);
    if (outcome.status === "cancelled") {
      throw new BenchError("CANCELLED", "the search was interrupted", {
        fix: "The same command goes on where it stopped.",
      });
    }
    const stored = readRun(plan.directory);
    const ranked = rankCandidates(left, request.objective, stored);
    finished.push({ ...rung, directory: plan.directory, run: stored.run, ranked });
    if (ranked[0]!.score === null) throw withoutScores(ranked[0]!, request);
    left = survivors(left, ranked, rungs[index + 1]?.candidates ?? 0);
  }
  return finished;
}

function candidatesOf(request: TuneRequest): Candidate[] {
  return drawCandidates(trainerOf(request).options, request.space, request.search.candidates, request.seed);
}

/** A small space may have fewer candidates than were asked for. */
const rungsFor = ({ search }: TuneRequest, { length }: readonly Candidate[]): Rung[] =>
  rungsOf({ ...search, candidates: length });

/** The best of a rung and the default configuration, which every rung is compared with; in the order of their labels. */
function survivors(all: readonly Candidate[], ranked: readonly ScoredCandidate[], count: number): Candidate[] {
  const scored = ranked.filter(({ score }) => score !== null);
  const kept = new Set([all[0]!.label, ...scored.slice(0, count).map(({ label }) => label)]);
  return all.filter(({ label }) => kept.has(label));
}

async function planRung(
  request: TuneRequest,
  index: number,
  { tasks }: Rung,
  candidates: readonly Candidate[],
  first: string | undefined,
): Promise<RunPlan> {
  const { config, registry, plugins } = request;
  // a checkpoint may have seen later tasks, and measurements within a task are not scored
  const { out, fromCheckpoint: _source, observation: _observation, ...rest } = config;
  const trainers = candidates.map(({ label, options }) => ({ label, name: trainerOf(request).name, options }));
  const plan = await planRun(
    { ...rest, trainers, orders: 1, keepCheckpoints: "none", alerts: silentAlerts },
    registry,
    plugins,
    undefined,
    request.inputs(tasks),
  );
  const parent = first === undefined ? (out ?? directoryOf(request, plan)) : dirname(first);
  return { ...plan, directory: join(parent, `rung-${index + 1}`) };
}

/** The same search finds the same directory. */
function directoryOf(request: TuneRequest, plan: RunPlan): string {
  const { objective, search } = request;
  const digest = digestOf({ rung: plan.record.configDigest, objective: objective.id, search });
  return join(process.cwd(), "tunings", `${trainerOf(request).label}-${digest.slice(0, 8)}`);
}

function withoutScores({ reason }: ScoredCandidate, { objective }: TuneRequest): BenchError {
  return new BenchError("CELL_FAILED", `no candidate has a score on ${objective.key}: ${reason}`, {
    fix: "Mend the cause and run the same command with --retry-failed, or choose another --objective.",
  });
}
