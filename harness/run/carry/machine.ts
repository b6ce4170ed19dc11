import { availableParallelism, cpus, hostname, totalmem } from "node:os";
import type { MachineRecord } from "../../contract/result.js";

/** The machine that this process runs on. */
export function machineHere(): MachineRecord {
  return {
    host: hostname(),
    cpu: cpus()[0]?.model.trim() ?? null,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
