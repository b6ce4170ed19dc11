import { existsSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import { checkRecord } from "../run/store/check-record.js";
import { layout, readJson, readRunRecord } from "../run/store/store.js";
import type { Registration } from "./registered.js";
import { type FirstRegistration, upgradeRegistration } from "./upgrade.js";

export const registrationFile = "claims-registration.json";

/** What is compared where a directory is asked for again. */
export type Registered = Pick<Registration, "claims" | "arms" | "run">;

/** Writes a registration into the directory of its run. */
export function writeRegistration(
  directory: string,
  registered: Registered & Pick<Registration, "limits" | "seen">,
): Registration {
  const content = {
    schema: "claims-registration@2" as const,
    createdAt: new Date().toISOString(),
    beforeTheRun: !existsSync(join(directory, layout.run)),
    ...registered,
  };
  const record: Registration = { ...content, digest: digestOf(content) };
  writeFileAtomically(join(directory, registrationFile), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** The digest of what is compared where a directory is asked for again. */
export const registeredContent = ({ claims, arms, run }: Registered): string => digestOf({ claims, arms, run });

/** Throws RUN_MISMATCH where a directory was registered for something else than what is asked for. */
export function requireSame(stored: Registration, registered: Registered, directory: string): void {
  if (registeredContent(stored) === registeredContent(registered)) return;
  throw new BenchError("RUN_MISMATCH", `${directory} was registered for other claims`, {
    fix: "A registration is final: choose another directory with --out, or ask for the same claims again.",
    at: { file: join(directory, registrationFile) },
  });
}

/**
 * The registration in a run directory; undefined where there is none. One of an earlier version gets today's keys.
 *
 * @throws RUN_MISMATCH where it is not what was written; DATA_INVALID where it does not follow its schema.
 */
export function readRegistration(directory: string): Registration | undefined {
  const path = join(directory, registrationFile);
  if (!existsSync(path)) return undefined;
  const stored = readJson<Registration | FirstRegistration>(path);
  const isFirst = stored.schema === "claims-registration@1";
  if (digestOf(isFirst ? firstContent(stored) : contentOf(stored)) !== stored.digest) {
    throw new BenchError("RUN_MISMATCH", `in ${directory} the registration was changed after it was written`, {
      fix: "Put back what was registered, or choose another directory with --out.",
      at: { file: path },
    });
  }
  const orders = () => readRunRecord(directory)?.orders.length ?? 1;
  const registration = isFirst ? upgradeRegistration(stored, orders()) : stored;
  return checkRecord<Registration>("claims-registration", registration, path);
}

const contentOf = ({ digest: _digest, ...content }: Registration) => content;

/** What the digest of the first version covered: when it was written was not part of it. */
const firstContent = ({ alpha, claims, arms, run }: FirstRegistration) => ({ alpha, claims, arms, run });
