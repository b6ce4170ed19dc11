import { pathToFileURL } from "node:url";
import { BenchError, toBenchError } from "../contract/errors.js";
import type { Plugin } from "../contract/plugin.js";
import { checkPlugin } from "./check-plugin.js";

/** Imports a module and checks what it exports as `plugin`. Throws PLUGIN_INVALID. */
export async function importPlugin(file: string): Promise<Plugin> {
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
  return checkPlugin(exported.plugin, file);
}

const fixFor = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === "ERR_UNKNOWN_FILE_EXTENSION"
    ? "Compile it to JavaScript first (this Node does not run TypeScript), or use Node 22.18 or later."
    : "Mend the module: `node <file>` must run without an error.";
