import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Vitest's global setup: what tests write as temporary is in one directory, which is removed when all have ended. */
export default function setup(): () => void {
  const root = mkdtempSync(join(memoryOr(tmpdir()), "bench-tests-"));
  process.env.TMPDIR = root;
  return () => rmSync(root, { recursive: true, force: true });
}

/** The file system in memory of Linux, where it has room for all: every file that a run writes waits for the disk elsewhere. */
function memoryOr(other: string): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > 2 ** 32 ? "/dev/shm" : other;
  } catch {
    return other;
  }
}
