import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAbandoned, lockRun } from "../store/lock.js";

const prefix = "bench-worker-";

/**
 * Makes a directory for a worker's files, which belongs to this process, and removes those that workers left which were
 * killed: of this user and this machine, and whose process is certainly dead.
 *
 * @param parent the machine's directory for temporary files. Others may write there.
 */
export function newScratch(parent: string): string {
  for (const name of readdirSync(parent)) if (name.startsWith(prefix)) removeAbandoned(join(parent, name));
  const scratch = mkdtempSync(join(parent, prefix));
  lockRun(scratch);
  return scratch;
}

function removeAbandoned(directory: string): void {
  try {
    const there = lstatSync(directory);
    const isOwn = there.isDirectory() && there.uid === (process.getuid?.() ?? there.uid);
    if (isOwn && isAbandoned(directory)) rmSync(directory, { recursive: true, force: true });
  } catch {
    // Another worker removes it.
  }
}
