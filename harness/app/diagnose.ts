import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from "node:os";
import type { DeviceReport } from "../contract/engine.js";
import { packageVersion } from "../contract/files.js";
import { type AppContext, registryFor } from "./context.js";

const runMemoryBytes = 1.5e9;
const runDiskBytes = 1e9;

/** What this machine has, and what is missing. */
export interface Diagnosis {
  versions: Record<string, string>;
  machine: {
    system: string;
    cpu: string;
    cores: number;
    memoryBytes: number;
    freeMemoryBytes: number;
    diskBytes: number;
  };
  devices: (DeviceReport & { engine: string })[];
  /** What is missing or short, one sentence each. */
  missing: string[];
}

/** Asks the engines, the system and Python what there is. */
export async function diagnose(
  context: Pick<AppContext, "builtIns">,
  plugins: readonly string[] | undefined,
): Promise<Diagnosis> {
  const registry = await registryFor(context, plugins);
  const devices = await Promise.all(
    registry
      .allEngines()
      .map(async (engine) => (await engine.probe()).map((report) => ({ engine: engine.name, ...report }))),
  );
  const disk = statfsSync(process.cwd());
  const diagnosis: Diagnosis = {
    versions: {
      bench: packageVersion(),
      node: process.version.slice(1),
      "onnxruntime-node": versionOf(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")),
      python3: pythonVersion() ?? "not found",
    },
    machine: {
      system: `${platform()} ${arch()} ${release()}`,
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
      diskBytes: disk.bavail * disk.bsize,
    },
    devices: devices.flat(),
    missing: [],
  };
  diagnosis.missing = missing(diagnosis);
  return diagnosis;
}

function missing({ machine, devices, versions }: Diagnosis): string[] {
  const found: string[] = [];
  if (!devices.some(({ device, available }) => device === "cpu" && available)) {
    found.push("No engine computes on the CPU: install again with `npm ci`.");
  }
  if (machine.freeMemoryBytes < runMemoryBytes) {
    found.push(
      `${bytes(machine.freeMemoryBytes)} of memory are free; the main run takes up to ${bytes(runMemoryBytes)}.`,
    );
  }
  if (machine.diskBytes < runDiskBytes) {
    found.push(`${bytes(machine.diskBytes)} of disk are free here; \`bench run --dry-run\` tells what a run takes.`);
  }
  if (versions.python3 === "not found") found.push("No python3: only trainers that are Python commands need it.");
  try {
    accessSync(process.cwd(), constants.W_OK);
  } catch {
    found.push("The working directory cannot be written: give run directories elsewhere with --out.");
  }
  return found;
}

/** A number of bytes for people. */
export const bytes = (count: number): string =>
  count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : `${Math.round(count / 1e6)} MB`;

const versionOf = (manifest: string): string =>
  (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;

function pythonVersion(): string | undefined {
  const { stdout } = spawnSync("python3", ["--version"], { encoding: "utf8", timeout: 5000 });
  return /Python (\S+)/.exec(stdout ?? "")?.[1];
}
