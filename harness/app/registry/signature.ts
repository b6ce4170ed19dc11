import { BenchError } from "../../contract/errors.js";
import type { EvaluatedSuite } from "../../contract/registry.js";
import type { RunRecord } from "../../contract/result.js";
import type { ReadingOptions } from "../../run/store/store.js";

/** Which registry is read. */
export interface RegistryOptions extends ReadingOptions {
  /** Its directory. */
  registry: string;
}

/** Who changes a registry, and why. */
export interface SignedOptions extends RegistryOptions {
  by: string;
  reason?: string;
}

/** When, by whom and why. */
export const stamp = ({ by, reason = "" }: SignedOptions): { at: string; by: string; reason: string } => ({
  ...{ at: new Date().toISOString(), by, reason },
});

/** Throws USAGE where a text cannot name a model or an alias. Names that are whole numbers are those of versions. */
export function requireName(name: string, what: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name) && !/^\d+$/.test(name)) return;
  throw new BenchError("USAGE", `"${name.slice(0, 80)}" cannot name ${what}`, {
    fix: "Use letters, digits, dots, hyphens and underscores, and at least one that is no digit.",
  });
}

/** What the questions of a run are. */
export const suiteOf = ({ suite: { name, version, digest }, quick }: RunRecord): EvaluatedSuite => ({
  ...{ name, version, digest, quick },
});
