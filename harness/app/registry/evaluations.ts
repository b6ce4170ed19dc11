import { resolve } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { EvaluationRecord, RegisteredModel, VersionRecord } from "../../contract/registry.js";
import { findVersion } from "../../registry/model-registry.js";
import { openStore } from "../../registry/open-store.js";
import { readRun } from "../../run/store/store.js";
import { finalScores } from "../checkpoints/final-scores.js";
import { type RegistryOptions, type SignedOptions, suiteOf } from "./signature.js";

/**
 * Attaches what a run measured of a version as it is: a run of `bench evaluate`.
 *
 * @throws USAGE where the run trains, DATA_INVALID where it is of another model.
 */
export async function attachEvaluation(
  reference: string,
  directory: string,
  { registry, by, notice }: SignedOptions,
): Promise<{ version: VersionRecord; evaluation: EvaluationRecord }> {
  const { run, matrices, notices } = readRun(resolve(directory));
  for (const text of notices) notice?.(text);
  const evaluated = run.trainers.length === 1 && run.trainers[0]!.schedule === "once";
  const matrix = evaluated ? matrices[run.cells[0]!.id] : undefined;
  if (matrix === undefined) {
    throw new BenchError("USAGE", `${directory} is no finished evaluation of a checkpoint`, {
      fix: `Evaluate it first: bench evaluate "$(bench registry path ${reference})"`,
    });
  }
  const { tasks, probes } = finalScores(matrix);
  const evaluation = { run: run.id, suite: suiteOf(run), trainer: run.trainers[0]!.label, tasks, probes };
  let found: VersionRecord | undefined;
  const store = await openStore(registry, notice);
  await store.change((state) => {
    found = findVersion(state, reference).version;
    if (found.model.digest !== run.model.digest) {
      throw new BenchError("DATA_INVALID", `the run is of another model than ${found.name}@${found.version}`, {
        fix: `Evaluate that version: bench evaluate "$(bench registry path ${found.name}@${found.version})"`,
        at: { file: directory },
      });
    }
    const place = { name: found.name, version: found.version };
    return [{ type: "evaluated", ...place, evaluation, at: new Date().toISOString(), by }];
  });
  return { version: found!, evaluation };
}

/** What separates two versions. */
export interface VersionDifference {
  before: VersionRecord;
  after: VersionRecord;
  /** Paths, relative to the checkpoints. */
  files: { added: string[]; removed: string[]; changed: string[]; same: number };
  /** Scores on the suites that both were evaluated on, by `task` or `probe:name`. */
  evaluations: { suite: EvaluationRecord["suite"]; scores: ScoreDifference[] }[];
}

/** A score of both versions, on 0..1. */
export interface ScoreDifference {
  name: string;
  before: number | null;
  after: number | null;
}

/** Compares two versions by their files and by the evaluations that both have. Throws UNKNOWN_NAME. */
export async function compareVersions(
  { registry, notice }: RegistryOptions,
  before: string,
  after: string,
): Promise<VersionDifference> {
  const state = await (await openStore(registry, notice)).read();
  const [old, now] = [findVersion(state, before), findVersion(state, after)];
  const digests = (version: VersionRecord) => new Map(version.files.map(({ path, sha256 }) => [path, sha256]));
  const [had, has] = [digests(old.version), digests(now.version)];
  const both = [...has.keys()].filter((path) => had.has(path));
  const changed = both.filter((path) => had.get(path) !== has.get(path));
  return {
    before: old.version,
    after: now.version,
    files: {
      added: [...has.keys()].filter((path) => !had.has(path)),
      removed: [...had.keys()].filter((path) => !has.has(path)),
      changed,
      same: both.length - changed.length,
    },
    evaluations: evaluationsOf(now).flatMap((present) => {
      const past = evaluationsOf(old).find(({ suite }) => suite.digest === present.suite.digest);
      return past === undefined ? [] : [{ suite: present.suite, scores: scoreDifferences(past, present) }];
    }),
  };
}

const evaluationsOf = ({ model, version }: { model: RegisteredModel; version: VersionRecord }): EvaluationRecord[] =>
  model.evaluations[version.version] ?? [];

function scoreDifferences(before: EvaluationRecord, after: EvaluationRecord): ScoreDifference[] {
  const pairs = (kind: "tasks" | "probes", prefix: string) =>
    Object.keys(after[kind])
      .filter((name) => Object.hasOwn(before[kind], name))
      .map((name) => ({ name: `${prefix}${name}`, before: before[kind][name]!, after: after[kind][name]! }));
  return [...pairs("tasks", ""), ...pairs("probes", "probe:")];
}

/** The state of a version's files. */
export interface VerifiedVersion {
  name: string;
  version: number;
  /** A line for each file that is not what was stored. */
  damage: string[];
}

/**
 * Computes the digests of all stored files again, of one version or of all.
 *
 * @throws DATA_INVALID where the log itself is damaged.
 */
export async function verifyVersions(
  { registry, notice }: RegistryOptions,
  reference?: string,
): Promise<{ versions: VerifiedVersion[]; state: boolean }> {
  const store = await openStore(registry, notice);
  const state = await store.read();
  const chosen =
    reference === undefined
      ? Object.values(state.models).flatMap((model) => model.versions)
      : [findVersion(state, reference).version];
  const versions: VerifiedVersion[] = [];
  for (const version of chosen) {
    versions.push({ name: version.name, version: version.version, damage: await store.damageOf(version) });
  }
  return { versions, state: await store.isCurrent(state) };
}
