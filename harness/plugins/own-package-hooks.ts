import { readFile } from "node:fs/promises";
import type { InitializeHook, LoadHook, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";

interface OwnPackage {
  name: string;
  /** URL of its package.json, whose `exports` say what can be imported. */
  manifest: string;
  eraseTypes: boolean;
}

let own: OwnPackage;

/** Called once by Node, in the thread where hooks run. */
export const initialize: InitializeHook<OwnPackage> = (data) => {
  own = data;
};

/** The package's own name, resolved as from inside the package. */
export const resolve: ResolveHook = (specifier, context, next) => {
  const isOwn = specifier === own.name || specifier.startsWith(`${own.name}/`);
  return next(specifier, isOwn ? { ...context, parentURL: own.manifest } : context);
};

/** TypeScript with its types erased; lines and columns stay. Throws SyntaxError with file, line and column. */
export const load: LoadHook = async (url, context, next) => {
  if (!own.eraseTypes || !/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const { transformSync } = await import("@swc/wasm-typescript");
  const path = fileURLToPath(url);
  const source = await readFile(path, "utf8");
  try {
    return { format: "module", source: transformSync(source, { mode: "strip-only" }).code, shortCircuit: true };
  } catch (error) {
    // The compiler throws plain objects, which neither Node nor a user could read.
    const { message, startLine, startColumn } = error as { message: string; startLine: number; startColumn: number };
    throw new SyntaxError(`${path}:${startLine}:${startColumn + 1}: ${message}`);
  }
};
