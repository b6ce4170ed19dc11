import { isAbsolute, resolve } from "node:path";
import { absoluteSpecifier, isModule } from "./specifier.js";

/**
 * Reads the argument of `bench run`: a suite's name; a module that offers one; a directory or
 * `hf://datasets/owner/name`, which are data without the name of a suite; or a suite's name, a colon and such a location.
 *
 * @param directory what a relative path starts from.
 * @param suite the suite that reads the location, where it is said apart.
 */
export function parseSuiteReference(
  reference: string,
  directory: string,
  suite?: string,
): { name?: string; location?: string } {
  if (isModule(reference)) return { name: absoluteSpecifier(reference, directory) };
  const reader = suite === undefined ? {} : { name: suite };
  if (isLocation(reference)) return { ...reader, location: absoluteLocation(reference, directory) };
  const named = /^([A-Za-z][\w.-]+):(.+)$/.exec(reference);
  if (named !== null) return { name: suite ?? named[1]!, location: absoluteLocation(named[2]!, directory) };
  return suite === undefined ? { name: reference } : { name: suite, location: resolve(directory, reference) };
}

/** A path from `directory`, or a Hub reference as it is. */
export function absoluteLocation(location: string, directory: string): string {
  return location.startsWith("hf://") ? location : resolve(directory, location);
}

const isLocation = (reference: string): boolean =>
  reference.startsWith("hf://") || isAbsolute(reference) || reference.startsWith(".") || /^[^:]*[\\/]/.test(reference);
