import files from "node:fs";
import modules, { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";
import { BenchError } from "../../contract/errors.js";

/**
 * Prepares a Node that has permissions for the modules that are imported from now on: takes away what could give them
 * more, threads with other flags and hooks, which run in one; and has `fsync`, which it refuses, do nothing, since the
 * harness itself synchronizes what is saved.
 */
export function preparePermissions(): void {
  if (Reflect.get(process, "permission") === undefined) return;
  Object.assign(threads, { Worker: refuse });
  Object.assign(modules, { register: refuse });
  const done = (_file: number, callback: (error: null) => void): void => void setImmediate(callback, null);
  Object.assign(files, { fsyncSync: () => {}, fdatasyncSync: () => {}, fsync: done, fdatasync: done });
  syncBuiltinESMExports();
}

function refuse(): never {
  throw new BenchError("PLUGIN_FAILED", "an isolated plug-in cannot start threads", {
    fix: "Do without them, install bubblewrap, which allows them, or run with --isolate never.",
  });
}
