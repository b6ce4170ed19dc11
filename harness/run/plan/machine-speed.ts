import { cpus } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../contract/digest.js";
import type { EngineDefinition, MachineSpeed } from "../../contract/engine.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import { cacheDirectory, writeFileAtomically } from "../../contract/files.js";

/** What a core of any machine is taken to reach; other figures are damage. */
const plausible = { least: 1e8, most: 1e14 };

const ofThisProcess = new Map<string, Promise<number>>();

/**
 * Floating-point operations a second of one core in products of matrices, as the engine measures them. Measured once for
 * each processor and version of the engine, and kept in the user's cache; in this process alone where that cannot be
 * written, or where other work used the core meanwhile.
 *
 * @param known what this process knows, by processor and version of the engine.
 * @returns undefined where the engine does not measure it, and on devices other than `cpu`.
 */
export async function machineSpeed(
  engine: EngineDefinition,
  device: string,
  known = ofThisProcess,
): Promise<number | undefined> {
  if (engine.measureSpeed === undefined || device !== "cpu") return undefined;
  const key = digestOf([engine.name, engine.numerics, process.arch, cpus()[0]?.model ?? null]).slice(0, 16);
  const speed = known.get(key) ?? measured(key, () => engine.measureSpeed!());
  known.set(key, speed);
  return speed;
}

async function measured(key: string, measure: () => Promise<MachineSpeed>): Promise<number> {
  const file = join(cacheDirectory(), `speed-${key}.json`);
  try {
    const { flopsPerSecond } = JSON.parse(readRegularFile(file).toString("utf8")) as { flopsPerSecond?: unknown };
    if (isPlausible(flopsPerSecond)) return flopsPerSecond;
  } catch {
    // Not measured yet, or damaged: both are mended by measuring.
  }
  const { flopsPerSecond, undisturbed } = await measure();
  if (!undisturbed) return flopsPerSecond;
  try {
    writeFileAtomically(file, `${JSON.stringify({ flopsPerSecond })}\n`);
  } catch {
    // A cache that cannot be written is no reason to end a run.
  }
  return flopsPerSecond;
}

const isPlausible = (speed: unknown): speed is number =>
  typeof speed === "number" && speed >= plausible.least && speed <= plausible.most;
