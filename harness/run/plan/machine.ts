import { availableParallelism, cpus, hostname, totalmem } from "node:os";
import type { MachineRecord } from "../../contract/result.js";

/** The machine that this process runs on. */
export function machineHere(): MachineRecord {
  return {
    host: hostname(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? null,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
