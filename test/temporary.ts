import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildIfStale } from "./built.js";

/** Where Linux keeps files in memory. */
const memory = "/dev/shm";
const neededBytes = 4 * 2 ** 30;

/**
 * Vitest's global setup: what tests write as temporary is in one directory, which is removed when all have ended. It is
 * in memory where there is much, since a sixth of the time is waiting for disks; TMPDIR chooses another place.
 */
export default function setup(): () => void {
  buildIfStale();
  const root = mkdtempSync(join(process.env.TMPDIR === undefined && hasMemory() ? memory : tmpdir(), "bench-tests-"));
  process.env.TMPDIR = root;
  return () => rmSync(root, { recursive: true, force: true });
}

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return process.platform === "linux" && bavail * bsize > neededBytes;
  } catch {
    return false;
  }
}
