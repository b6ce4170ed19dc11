import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { sealed } from "../contract/files/seal.js";
import { writeFileAtomically } from "../contract/files.js";
import type { TrainerRecord } from "../contract/result.js";
import { checkRecord } from "../run/store/check-record.js";
import { checkShape } from "../run/store/check-results.js";
import { readJson } from "../run/store/store.js";
import type { Entry } from "./entry.js";
import { type Answers, answersOf, isEvaluated } from "./items/answers.js";
import type { Observed } from "./pairing.js";

/** What a gate compares with: one trainer's matrices, blessed by somebody for a reason. Never changed once written. */
export interface Baseline {
  schema: "baseline@1";
  name: string;
  /** 1, 2, …: each blessing makes the next. */
  version: number;
  blessedAt: string;
  by: string;
  reason: string;
  suite: { name: string; version: string; digest: string; quick: boolean; tasks: string[] };
  model: { reference: string; digest: string };
  numerics: string;
  trainer: Pick<TrainerRecord, "label" | "name" | "version" | "options" | "deterministic"> & {
    /** Absent in baselines of earlier versions. */
    schedule?: TrainerRecord["schedule"];
  };
  cells: Observed[];
  /** Of a model that is evaluated as it is: what is compared item by item. */
  answers?: Answers;
}

/** What a gate compares with; without version, time and reason where nobody blessed it. */
export type ComparedBaseline = Omit<Baseline, Blessed> &
  Partial<Pick<Baseline, Blessed>> & {
    /** Of a run that was read for this comparison. */
    notices?: string[];
  };

type Blessed = "version" | "blessedAt" | "by" | "reason";

/** Name and version, for people. */
export const baselineText = ({ name, version }: Pick<ComparedBaseline, "name" | "version">): string =>
  version === undefined ? name : `${name}@${version}`;

/** Who blesses what, and why; versions are in `<directory>/<name>/<version>.json`, to be committed with the code. */
export interface Blessing {
  directory: string;
  name: string;
  by: string;
  reason: string;
}

/**
 * Makes the next version of a baseline from a finished entry.
 *
 * @throws USAGE where cells are missing.
 */
export function bless(entry: Entry, { directory, name, by, reason }: Blessing): { baseline: Baseline; file: string } {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw new BenchError("USAGE", `"${name}" cannot name a baseline`, {
      fix: "Use letters, digits, dots and hyphens.",
    });
  }
  const version = (versionsOf(directory, name).at(-1) ?? 0) + 1;
  const blessedAt = new Date().toISOString();
  const baseline: Baseline = { schema: "baseline@1", name, version, blessedAt, by, reason, ...recordOf(entry) };
  const file = fileOf(directory, name, version);
  writeFileAtomically(file, `${sealed(JSON.stringify(baseline))}\n`);
  return { baseline, file };
}

/** A finished entry as something to compare with, under a name. Throws USAGE where cells are missing. */
export const unblessed = (entry: Entry, name: string): ComparedBaseline => ({
  schema: "baseline@1",
  name,
  ...recordOf(entry),
  notices: entry.notices,
});

function recordOf(entry: Entry): Omit<Baseline, Blessed | "schema" | "name"> {
  const { run, trainer, missing, cells } = entry;
  if (missing.length > 0) {
    throw new BenchError("USAGE", `${missing.length} cells of "${trainer.label}" have not finished`, {
      fix: `Finish the run first: ${run.command}`,
    });
  }
  const { label, name, version, options, schedule, deterministic } = trainer;
  const tasks = run.suite.tasks.map(({ id }) => id);
  return {
    suite: { name: run.suite.name, version: run.suite.version, digest: run.suite.digest, quick: run.quick, tasks },
    model: { reference: run.model.reference, digest: run.model.digest },
    numerics: run.numerics,
    trainer: { label, name, version, options, schedule, ...(deterministic && { deterministic }) },
    cells: cells.map(({ id, order, seed, matrix }) => ({ id, order, seed, matrix })),
    ...(isEvaluated(trainer) && { answers: answersOf(entry) }),
  };
}

/** Whether a candidate has no cell but the baseline's own. */
export function isOwn(baseline: Pick<Baseline, "cells">, { cells }: Pick<Entry, "cells">): boolean {
  const own = new Set(baseline.cells.map(({ id }) => id));
  return cells.every(({ id }) => own.has(id));
}

/**
 * Reads `name`, the latest version, or `name@version`.
 *
 * @throws UNKNOWN_NAME where there is none; DATA_INVALID for a damaged file.
 */
export function readBaseline(directory: string, reference: string): Baseline {
  const [name, wanted] = reference.split("@") as [string, string?];
  const versions = versionsOf(directory, name);
  const version = wanted === undefined ? versions.at(-1) : versions.find((each) => String(each) === wanted);
  if (version === undefined) {
    const there = versions.length === 0 ? `no baseline "${name}"` : `no version ${wanted} of baseline "${name}"`;
    throw new BenchError("UNKNOWN_NAME", `there is ${there} in ${directory}`, {
      fix:
        versions.length === 0
          ? `Bless a finished run: bench gate bless <run> --name ${name} --reason "…"`
          : `There are: ${versions.join(", ")}.`,
    });
  }
  const file = fileOf(directory, name, version);
  const baseline = checkRecord<Baseline>("baseline", readJson(file), file);
  for (const { matrix } of baseline.cells) checkShape(checkRecord("matrix", matrix, file), file);
  return baseline;
}

const fileOf = (directory: string, name: string, version: number): string => join(directory, name, `${version}.json`);

/** Ascending. */
function versionsOf(directory: string, name: string): number[] {
  const place = join(directory, name);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .flatMap((file) => /^([1-9]\d*)\.json$/.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
