import { join } from "node:path";
import { checkOptions } from "../../config/options.js";
import type { RunConfig } from "../../contract/config.js";
import { BenchError } from "../../contract/errors.js";
import { packageRoot } from "../../contract/files.js";
import type { CellNeed, Launcher } from "../../contract/launcher.js";
import type { Registry } from "../../plugins.js";
import { parseStore } from "../carry/open-store.js";
import { type MemoryPlan, workerProcessBytes } from "./memory.js";
import type { DevicePlan } from "./slots.js";

/** Where the cells of a run are carried out, if not by this process. */
export interface Elsewhere {
  /** As written after `--on`. */
  place: string;
  /** Address of the store that all machines see. */
  store: string;
  /** What starts bench there. */
  command: readonly string[];
  need: CellNeed;
  /** Connects to the engine. Throws LAUNCHER_FAILED. */
  open(): Promise<Launcher>;
}

/**
 * What a configuration says of where cells are carried out; undefined where that is here.
 *
 * @param directory of the run.
 * @throws UNKNOWN_NAME, CONFIG_INVALID.
 */
export function elsewhereOf(
  { on, remote = {}, threads }: RunConfig,
  { slots: [slot, ...others] }: DevicePlan,
  directory: string,
  memory: MemoryPlan,
  registry: Registry,
): Elsewhere | undefined {
  if (on === undefined) return undefined;
  if (others.length > 0) {
    throw new BenchError("CONFIG_INVALID", "cells that are carried out elsewhere do not share this machine's devices", {
      fix: "Name one device, such as --device cuda; each cell gets --devices-per-cell of its machine's.",
    });
  }
  const names = slot!.split(",");
  const launcher = registry.launcher(on);
  const options = checkOptions(launcher.options, remote.options ?? {}, `launcher "${launcher.name}"`);
  const store = remote.store ?? join(directory, "store");
  parseStore(store);
  const bytes = remote.memory === undefined ? cellBytes(memory) : 1e9 * remote.memory;
  return {
    place: on,
    store,
    command: remote.command ?? [process.execPath, join(packageRoot, "bin", "bench.js")],
    need: {
      cpus: remote.cpus ?? threads,
      gpus: remote.gpus ?? (names[0]!.startsWith("cuda") ? names.length : 0),
      ...(bytes !== undefined && { memoryBytes: bytes }),
      ...(remote.timeout !== undefined && { timeoutSeconds: remote.timeout }),
      retries: remote.retries ?? 2,
    },
    open: () => launcher.open(on, options),
  };
}

/** What a worker with the largest cell takes, where that is known of all. */
function cellBytes({ cells, total }: MemoryPlan): number | undefined {
  if (total === null) return undefined;
  return Math.ceil(workerProcessBytes + Math.max(...Object.values(cells).map((need) => need ?? 0)));
}
