import { basename, relative, sep } from "node:path";
import { canonicalJson } from "../contract/digest.js";
import { packageRoot } from "../contract/files.js";
import type { ModelRecord, TrainerRecord } from "../contract/result.js";
import type { SearchSpace, TrainerDefinition } from "../contract/trainer.js";
import { defaultLabel } from "./candidates.js";
import type { Search } from "./rungs.js";
import type { ScoredCandidate } from "./scoring.js";
import { type FinishedRung, type TuneRequest, trainerOf } from "./search.js";

/** `tune.json`: what was searched, how, and what came of it. */
export interface TuneRecord {
  schema: "tune@1";
  /** When its last rung began. */
  createdAt: string;
  /** Version of bench. */
  bench: string;
  /** The command that repeats the search. */
  command: string;
  trainer: Pick<TrainerRecord, "name" | "version" | "code">;
  /** The suite that the candidates learned; its digest is of the validation data of its tasks. */
  suite: { name: string; version: string; digest: string; location?: string; order: string; tasks: string[] };
  /** Of a model inside this package, the reference is its path there: the same on every machine. */
  model: ModelRecord;
  numerics: string;
  quick: boolean;
  space: SearchSpace;
  search: Search & { seed: number; objective: { key: string; id: string; higherIsBetter: boolean }; seeds: number[] };
  /** Directories are relative to the record. */
  rungs: { tasks: number; directory: string; configDigest: string; results: CandidateRecord[] }[];
  chosen: { label: string; values: Record<string, unknown>; score: number; isDefault: boolean };
}

export type CandidateRecord = Omit<ScoredCandidate, "options">;

/** The record of a finished search. `bench` is the version of this package. */
export function recordSearch(request: TuneRequest, rungs: readonly FinishedRung[], bench: string): TuneRecord {
  const { run, ranked } = rungs.at(-1)!;
  const { name, version, code } = run.trainers[0]!;
  const { key, id, higherIsBetter } = request.objective;
  const { location } = run.suite;
  const [best] = ranked;
  return {
    schema: "tune@1",
    createdAt: run.createdAt,
    bench,
    command: run.command,
    trainer: { name, version, ...(code === undefined ? {} : { code }) },
    suite: {
      name: request.config.suite.name,
      version: run.suite.version,
      digest: run.suite.digest,
      ...(location === undefined ? {} : { location }),
      order: run.orders[0]!.name,
      tasks: run.orders[0]!.tasks,
    },
    model: { ...run.model, reference: portable(run.model.reference) },
    numerics: run.numerics,
    quick: run.quick,
    space: request.space,
    search: {
      ...request.search,
      seed: request.seed,
      objective: { key, id, higherIsBetter },
      seeds: run.seeds,
    },
    rungs: rungs.map(({ tasks, directory, run, ranked }) => ({
      tasks,
      directory: basename(directory),
      configDigest: run.configDigest,
      results: ranked.map(({ options: _options, ...result }) => result),
    })),
    chosen: { label: best!.label, values: best!.values, score: best!.score!, isDefault: best!.label === defaultLabel },
  };
}

function portable(reference: string): string {
  return reference.startsWith(packageRoot + sep) ? relative(packageRoot, reference) : reference;
}

/**
 * Options as a configuration writes them, without what is a default of the trainer: those that the search began with,
 * and the chosen ones, of which those of the space are always written.
 */
export function candidateOptions(
  request: TuneRequest,
  rungs: readonly FinishedRung[],
  definition: TrainerDefinition,
): { given: Record<string, unknown>; chosen: Record<string, unknown> } {
  const schema = (definition.options.properties ?? {}) as Record<string, { default?: unknown }>;
  const searched = new Set(Object.keys(request.space).map((path) => path.split(".")[0]!));
  const differs = ([key, value]: [string, unknown]) => canonicalJson([value]) !== canonicalJson([schema[key]?.default]);
  const { options } = rungs.at(-1)!.ranked[0]!;
  return {
    given: Object.fromEntries(Object.entries(trainerOf(request).options).filter(differs)),
    chosen: Object.fromEntries(Object.entries(options).filter((entry) => searched.has(entry[0]) || differs(entry))),
  };
}

/** The name of the tuned trainer's row in a run. */
export const tunedLabel = (request: TuneRequest): string => `${trainerOf(request).label}-tuned`;
