import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";

/** Whether a path is a directory or below it. Both absolute. */
export function isInside(path: string, directory: string): boolean {
  const from = relative(directory, path);
  return from === "" || (from !== ".." && !from.startsWith(`..${sep}`) && !isAbsolute(from));
}

/** A path as it was given, and as it is without links. */
export const spellings = (path: string): string[] => (existsSync(path) ? [...new Set([path, realpathSync(path)])] : []);

/** The `node_modules` directories in which the modules of a directory look for packages. */
export function packageDirectories(directory: string): string[] {
  const candidates: string[] = [];
  for (let at = directory; ; at = dirname(at)) {
    candidates.push(join(at, "node_modules"));
    if (dirname(at) === at) return candidates.filter(existsSync);
  }
}

/** The directory with the `package.json` that a module belongs to; the module's own directory where there is none. */
export function packageOf(module: string): string {
  for (let at = dirname(module); ; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return at;
    if (dirname(at) === at) return dirname(module);
  }
}

/** The fewest paths that make up `path` without what is hidden; nothing where all of it is. */
export function without(path: string, hidden: readonly string[]): string[] {
  if (hidden.some((other) => isInside(path, other))) return [];
  if (!hidden.some((other) => isInside(other, path))) return [path];
  // modules look for a package.json in the directories above them, whether there is one or not
  return [...new Set(["package.json", ...readdirSync(path)])].flatMap((name) => without(join(path, name), hidden));
}
