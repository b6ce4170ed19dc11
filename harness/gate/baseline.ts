import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { BenchError } from "../contract/errors.js";
import { packageRoot, writeFileAtomically } from "../contract/files.js";
import type { TrainerRecord } from "../contract/result.js";
import { readJson } from "../run/store/store.js";
import type { Entry } from "./entry.js";
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
}

/** Who blesses what, and why; versions stand in `<directory>/<name>/<version>.json`, to be committed beside the code. */
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
  if (entry.missing.length > 0) {
    throw new BenchError("USAGE", `${entry.missing.length} cells of "${entry.trainer.label}" have not finished`, {
      fix: `Finish the run first: ${entry.run.command}`,
    });
  }
  const { run, trainer } = entry;
  const version = (versionsOf(directory, name).at(-1) ?? 0) + 1;
  const { label, name: method, version: methodVersion, options, schedule, deterministic } = trainer;
  const baseline: Baseline = {
    schema: "baseline@1",
    name,
    version,
    blessedAt: new Date().toISOString(),
    by,
    reason,
    suite: {
      name: run.suite.name,
      version: run.suite.version,
      digest: run.suite.digest,
      quick: run.quick,
      tasks: run.suite.tasks.map(({ id }) => id),
    },
    model: { reference: run.model.reference, digest: run.model.digest },
    numerics: run.numerics,
    trainer: {
      label,
      name: method,
      version: methodVersion,
      options,
      schedule,
      ...(deterministic && { deterministic }),
    },
    cells: entry.cells.map(({ id, order, seed, matrix }) => ({ id, order, seed, matrix })),
  };
  const file = fileOf(directory, name, version);
  writeFileAtomically(file, `${JSON.stringify(baseline)}\n`);
  return { baseline, file };
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
  const content = readJson<Baseline>(file);
  const validate = validator();
  if (validate(content)) return content;
  throw new BenchError("DATA_INVALID", `the baseline does not follow its schema: ${ajv.errorsText(validate.errors)}`, {
    fix: "Restore the file from version control, or bless a run again.",
    at: { file },
  });
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

const ajv = new Ajv({ allErrors: true });
let compiled: ValidateFunction<Baseline> | undefined;

function validator(): ValidateFunction<Baseline> {
  const file = join(packageRoot, "harness", "contract", "schemas", "baseline.schema.json");
  compiled ??= ajv.compile<Baseline>(JSON.parse(readFileSync(file, "utf8")));
  return compiled;
}
