import { readFileSync } from "node:fs";
import { createRequire, type InitializeHook, type LoadFnOutput, type ResolveHookContext } from "node:module";
import { fileURLToPath } from "node:url";

/** What the hooks are about. */
export interface OwnPackage {
  name: string;
  /** URL of its package.json, whose `exports` say what can be imported. */
  manifest: string;
  eraseTypes: boolean;
}

let own: OwnPackage;

/** Called once: by Node in the thread where hooks run, or by whoever registers them in its own thread. */
export const initialize: InitializeHook<OwnPackage> = (data) => {
  own = data;
};

/** The package's own name, resolved as from inside the package. */
export function resolve<Found>(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => Found,
): Found {
  const isOwn = specifier === own.name || specifier.startsWith(`${own.name}/`);
  return next(specifier, isOwn ? { ...context, parentURL: own.manifest } : context);
}

/** TypeScript with its types erased; lines and columns stay. Throws SyntaxError with file, line and column. */
export function load<Context, Found>(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Found,
): Found | LoadFnOutput {
  if (!own.eraseTypes || !/^file:.*\.m?ts$/.test(url)) return next(url, context);
  const require = createRequire(import.meta.url);
  const { transformSync } = require("@swc/wasm-typescript") as typeof import("@swc/wasm-typescript");
  const path = fileURLToPath(url);
  const source = readFileSync(path, "utf8");
  try {
    return { format: "module", source: transformSync(source, { mode: "strip-only" }).code, shortCircuit: true };
  } catch (error) {
    // The compiler throws plain objects, which neither Node nor a user could read.
    const { message, startLine, startColumn } = error as { message: string; startLine: number; startColumn: number };
    throw new SyntaxError(`${path}:${startLine}:${startColumn + 1}: ${message}`);
  }
}
