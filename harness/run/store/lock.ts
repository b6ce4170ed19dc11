import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import { storageError } from "./journal.js";

interface Owner {
  pid: number;
  host: string;
  /** When the process started, in the system's own terms: distinguishes a process from a later one with the same number. */
  started: string | null;
}

/**
 * Takes a run directory for this process. The lock of a dead process is taken over; that of a live one, or of another
 * machine, is RUN_LOCKED.
 *
 * @returns what gives the directory back.
 */
export function lockRun(directory: string): () => void {
  const path = join(directory, "lock");
  const own: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  while (!createLock(path, own)) {
    const owner = readOwner(path) ?? readLater(path);
    if (owner !== undefined && isAlive(owner)) throw lockedBy(owner, directory);
    removeStaleLock(path, owner, directory);
  }
  return () => {
    const owner = readOwner(path);
    if (owner?.pid === own.pid && owner.started === own.started) rmSync(path, { force: true });
  };
}

/** Whether a live process works in a run directory, or one of another machine may. */
export function isLocked(directory: string): boolean {
  const owner = readOwner(join(directory, "lock"));
  return owner !== undefined && isAlive(owner);
}

function createLock(path: string, owner: Owner): boolean {
  try {
    writeFileSync(path, JSON.stringify(owner), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw storageError(error, path);
  }
}

/** Moves the lock aside before deleting it, so that of two processes that saw the same dead owner only one wins. */
function removeStaleLock(path: string, seen: Owner | undefined, directory: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw storageError(error, path);
  }
  const moved = readOwner(aside);
  if (moved !== undefined && moved.pid !== seen?.pid && isAlive(moved)) {
    renameSync(aside, path);
    throw lockedBy(moved, directory);
  }
  rmSync(aside, { recursive: true, force: true });
}

/** The owner named in a lock; undefined where there is none: the file was cut short by its death, or is no lock of ours. */
function readOwner(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(readRegularFile(path).toString("utf8")) as Partial<Owner> | null;
    const { pid, host, started = null } = owner ?? {};
    const known =
      Number.isInteger(pid) && typeof host === "string" && (started === null || typeof started === "string");
    return known ? { pid: pid!, host, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Another process may have created its lock this instant and not have written it yet. */
function readLater(path: string): Owner | undefined {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  return readOwner(path);
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startOf(owner.pid);
  return started === null || owner.started === null || started === owner.started;
}

/** When a process started; null where the system does not report it. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${ticks}`;
  } catch {
    return startFromProcessList(pid);
  }
}

function startFromProcessList(pid: number): string | null {
  if (process.platform === "win32" || process.platform === "linux") return null;
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}

function lockedBy(owner: Owner, directory: string): BenchError {
  const elsewhere = owner.host !== hostname();
  return new BenchError(
    "RUN_LOCKED",
    `process ${owner.pid}${elsewhere ? ` on ${owner.host}` : ""} works in ${directory}`,
    {
      fix: elsewhere
        ? `Wait for it, or choose another directory with --out; if that process is gone, delete ${join(directory, "lock")}.`
        : "Wait for it to end, or choose another directory with --out.",
      at: { file: join(directory, "lock") },
    },
  );
}
