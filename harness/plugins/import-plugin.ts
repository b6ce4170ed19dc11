import { pathToFileURL } from "node:url";
import { BenchError, toBenchError } from "../contract/errors.js";
import type { Plugin } from "../contract/plugin.js";

/**
 * Imports a module and checks what it exports as `plugin`.
 *
 * @param checked whether another thread or process of this run has checked it before: compiling the contract's schema
 *   takes longer than all else that starts a worker.
 * @throws PLUGIN_INVALID.
 */
export async function importPlugin(file: string, { checked = false } = {}): Promise<Plugin> {
  let exported: { plugin?: unknown };
  try {
    exported = await import(pathToFileURL(file).href);
  } catch (error) {
    const { message } = toBenchError(error);
    throw new BenchError("PLUGIN_INVALID", `the module cannot be loaded: ${message}`, {
      fix: fixFor(error),
      at: { file },
      cause: error,
    });
  }
  if (checked) return exported.plugin as Plugin;
  const { checkPlugin } = await import("./check-plugin.js");
  return checkPlugin(exported.plugin, file);
}

const fixFor = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === "ERR_UNKNOWN_FILE_EXTENSION"
    ? "Compile it to JavaScript first (this Node does not run TypeScript), or use Node 22.18 or later."
    : "Mend the module: `node <file>` must run without an error.";
