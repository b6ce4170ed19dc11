import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { initSync, parse } from "es-module-lexer";
import { packageRoot } from "../contract/files.js";
import { isInside } from "./isolation/paths.js";

/** What the lexer says of `import.meta` in the place of an import. */
const importMeta = -2;

const compiled = join(packageRoot, "dist");

/**
 * Whether a module needs more than files of JavaScript: it, or one that it imports by its place, imports a package, which
 * may be this one, is not JavaScript, or imports what is not known before it runs.
 */
export function importsPackages(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file) || isInside(file, compiled)) return false;
  seen.add(file);
  if (!/\.m?js$/.test(file)) return true;
  try {
    initSync();
    const [imports] = parse(readFileSync(file, "utf8"));
    return imports.some(({ n: specifier, d: place }) => {
      if (place === importMeta || (specifier !== undefined && isBuiltin(specifier))) return false;
      if (specifier === undefined || !/^(?:\.{0,2}\/|file:)/.test(specifier)) return true;
      return importsPackages(fileURLToPath(new URL(specifier, pathToFileURL(file))), seen);
    });
  } catch {
    return true; // it cannot be read, which its import will say
  }
}
