import { fileURLToPath } from "node:url";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { codeDigest, resolveSpecifier } from "./specifier.js";

/** Digits of the digest that consent needs. */
const digits = 12;

/**
 * Asks for consent before plug-ins that a stored run names are loaded: a run may be anyone's, and a plug-in is a program.
 *
 * @param plugins specifiers that the run's record holds.
 * @param consent digest that the user gave: at least its first 12 digits.
 * @param directory of the run.
 * @throws USAGE naming the plug-ins and the digest of them and their files; PLUGIN_INVALID where one is not there.
 */
export function requireConsent(plugins: readonly string[], consent: string | undefined, directory: string): void {
  if (plugins.length === 0) return;
  const digest = digestOf(plugins.map((specifier) => ({ specifier, code: codeOf(specifier) })));
  if (consent !== undefined && consent.length >= digits && digest.startsWith(consent)) return;
  const named = plugins.map((specifier) => JSON.stringify(specifier)).join(", ");
  throw new BenchError(
    "USAGE",
    consent === undefined
      ? `${directory} names plug-ins, which would be executed: ${named}`
      : `the plug-ins that ${directory} names are not those of ${JSON.stringify(consent)}: ${named}`,
    { fix: `Look at them; if you trust them as they are now, add --trust-plugins ${digest.slice(0, digits)}` },
  );
}

/** Of the files that would be executed; a URL in a record is not one of bench's own modules. */
function codeOf(specifier: string): string | undefined {
  const source = resolveSpecifier(specifier);
  return codeDigest([source.kind === "built-in" ? { kind: "module", path: fileURLToPath(source.url) } : source]);
}
