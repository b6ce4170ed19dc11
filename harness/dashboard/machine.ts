import { existsSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, loadavg, totalmem } from "node:os";
import type { MachineState } from "../contract/dashboard.js";

/** What this machine has and uses; disks that several paths are on are named once. */
export function machineState(paths: readonly string[]): MachineState {
  const disks = paths.filter(existsSync).map((path) => {
    const { blocks, bavail, bsize } = statfsSync(path);
    return { path, bytes: blocks * bsize, freeBytes: bavail * bsize };
  });
  const seen = new Set<string>();
  return {
    ...{ cores: availableParallelism(), load: loadavg()[0]!, memoryBytes: totalmem(), freeMemoryBytes: freemem() },
    disks: disks.filter(({ bytes, freeBytes }) => {
      const key = `${bytes} ${freeBytes}`;
      return !seen.has(key) && seen.add(key);
    }),
  };
}
