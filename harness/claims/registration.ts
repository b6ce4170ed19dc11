import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkOptions } from "../config/index.js";
import { canonicalJson, digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import type { TrainerDefinition } from "../contract/trainer.js";
import type { Registry } from "../plugins.js";
import { layout, readJson } from "../run/store/store.js";
import { arms, armsOf } from "./catalog.js";
import type { Arm, Claim } from "./claim.js";

/** An arm with all options of its trainer, or why it cannot run. */
export type ResolvedArm = { trainer: string; version: number; options: Record<string, unknown> } | { missing: string };

/** `claims-registration.json`: what shall be tested, written down before anything runs. */
export interface Registration {
  schema: "claims-registration@1";
  createdAt: string;
  /** Of everything below: another one is another registration. */
  digest: string;
  /** False where the directory held a run already: then the claims were chosen after the data. */
  beforeTheRun: boolean;
  alpha: number;
  claims: Claim[];
  arms: Record<string, ResolvedArm>;
  /** Digest of the run's configuration: suite, model, trainers, orders, seeds. */
  run: string;
}

export const registrationFile = "claims-registration.json";

/** The arms of some claims with their options filled in. */
export function resolveArms(claims: readonly Claim[], registry: Registry): Record<string, ResolvedArm> {
  const names = [...new Set(claims.flatMap(armsOf))];
  const known = new Map(registry.allTrainers().map((trainer) => [trainer.name, trainer]));
  return Object.fromEntries(names.map((name) => [name, resolveArm(arms[name]!, known.get(arms[name]!.trainer))]));
}

function resolveArm(
  { trainer, options = {}, scaled = {} }: Arm,
  definition: TrainerDefinition | undefined,
): ResolvedArm {
  if (definition === undefined) return { missing: `no trainer ${trainer}` };
  try {
    const where = `trainer "${trainer}"`;
    const defaults = checkOptions(definition.options, {}, where);
    const changed = Object.entries(scaled).map(([option, factor]) => [option, (defaults[option] as number) * factor]);
    const all = { ...options, ...Object.fromEntries(changed) };
    return { trainer, version: definition.version, options: checkOptions(definition.options, all, where) };
  } catch (error) {
    return { missing: (error as BenchError).message }; // a trainer of that name that is not the one meant
  }
}

/** Whether a trainer of a run is an arm. */
export const isArm = (trainer: { name: string; options: Record<string, unknown> }, arm: ResolvedArm): boolean =>
  !("missing" in arm) && trainer.name === arm.trainer && canonicalJson(trainer.options) === canonicalJson(arm.options);

/**
 * Writes a registration into the directory of its run, or finds it there again.
 *
 * @throws RUN_MISMATCH where another one stands there, or one that was changed.
 */
export function register(
  directory: string,
  registered: Pick<Registration, "alpha" | "claims" | "arms" | "run">,
): Registration {
  const path = join(directory, registrationFile);
  const digest = digestOf(registered);
  const stored = readRegistration(directory);
  if (stored === undefined) {
    const beforeTheRun = !existsSync(join(directory, layout.run));
    const createdAt = new Date().toISOString();
    const record: Registration = { schema: "claims-registration@1", createdAt, digest, beforeTheRun, ...registered };
    writeFileAtomically(path, `${JSON.stringify(record, null, 2)}\n`);
    return record;
  }
  if (stored.digest === digest) return stored;
  throw new BenchError("RUN_MISMATCH", `${directory} was registered for other claims`, {
    fix: "What was registered stands: choose another directory with --out, or ask for the same claims again.",
    at: { file: path },
  });
}

/**
 * The registration in a run directory; undefined where there is none.
 *
 * @throws RUN_MISMATCH where it is not what was written.
 */
export function readRegistration(directory: string): Registration | undefined {
  const path = join(directory, registrationFile);
  if (!existsSync(path)) return undefined;
  const stored = readJson<Registration>(path);
  const { schema: _schema, createdAt: _createdAt, digest, beforeTheRun: _before, ...content } = stored;
  if (digestOf(content) === digest) return stored;
  throw new BenchError("RUN_MISMATCH", `in ${directory} the registration was changed after it was written`, {
    fix: "Put back what was registered, or choose another directory with --out.",
    at: { file: path },
  });
}
