import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Vitest's global setup: what tests write as temporary is in one directory, which is removed when all have ended. */
export default function setup(): () => void {
  const root = mkdtempSync(join(memoryOr(tmpdir()), "bench-tests-"));
  process.env.TMPDIR = root;
  return () => rmSync(root, { recursive: true, force: true });
}

/** Linux's file system in memory, where it has room for all and runs scripts: elsewhere each file of a run waits for the disk. */
function memoryOr(other: string): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    const mount = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .find((line) => line.split(" ")[1] === "/dev/shm");
    return bavail * bsize > 2 ** 32 && mount && !/\bnoexec\b/.test(mount) ? "/dev/shm" : other;
  } catch {
    return other;
  }
}
