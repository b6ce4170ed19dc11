import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import { inStorage, storageError } from "./journal.js";

/** A process that holds a lock. */
export interface Owner {
  pid: number;
  host: string;
  /** When the process started, in the system's own terms: distinguishes a process from a later one with the same number. */
  started: string | null;
  /** In what its number is counted, on Linux: processes of another namespace cannot be seen from here. */
  namespace?: string;
}

/**
 * Takes a directory for this process. The lock of a dead process is taken over; that of a live one, or of one on
 * another machine or in another container, which cannot be seen from here, is RUN_LOCKED.
 *
 * @returns what gives the directory back.
 */
export function lockRun(directory: string): () => void {
  const path = join(directory, "lock");
  const own = ownerOf(process.pid);
  const steps = takeLock(path, own);
  for (let step = steps.next(); step.done !== true; step = steps.next()) pause(step.value);
  return () => {
    const owner = readOwner(path);
    const isOwn = typeof owner === "object" && owner.pid === own.pid && owner.started === own.started;
    if (isOwn) rmSync(path, { force: true });
  };
}

/** A process of this machine as an owner. */
export function ownerOf(pid: number): Owner {
  const namespace = namespaceHere();
  return { pid, host: hostname(), started: startOf(pid), ...(namespace !== undefined && { namespace }) };
}

/**
 * The steps of taking a lock, so that those of several processes can be tried in any order: what is between two of them
 * looks at files or changes one. Yields how long to wait before the next step, in milliseconds.
 *
 * The lock of a dead process is removed by who holds the lock of its removal alone, `<path>.takeover`, and nobody replaces
 * a lock that is there: what is removed is what was found.
 */
export function* takeLock(path: string, own: Owner): Generator<number, void> {
  while (!createLock(path, own)) {
    yield 0;
    let owner = readOwner(path);
    if (owner === "unknown") {
      yield beingWritten;
      owner = readOwner(path);
    }
    if (isAlive(owner)) throw lockedBy(owner, path);
    yield 0;
    if (owner !== "nobody") yield* removeStale(path, own);
  }
}

/** Where file systems know no links, a lock is there for an instant before it is written. In milliseconds. */
const beingWritten = 100;

function* removeStale(path: string, own: Owner): Generator<number, void> {
  const takeover = `${path}.takeover`;
  try {
    yield* takeLock(takeover, own);
  } catch (error) {
    if (!(error instanceof BenchError) || error.code !== "RUN_LOCKED") throw error;
    return yield 10; // another process removes it
  }
  yield 0;
  const owner = readOwner(path);
  if (owner !== "nobody" && !isAlive(owner)) {
    yield 0;
    inStorage(path, () => rmSync(path, { recursive: true, force: true }));
  }
  yield 0;
  inStorage(takeover, () => rmSync(takeover, { force: true }));
}

/** Whether a live process works in a run directory, or one of another machine may. */
export function isLocked(directory: string): boolean {
  return isAlive(readOwner(join(directory, "lock")));
}

/** Whether a process that took a directory is certainly dead. */
export function isAbandoned(directory: string): boolean {
  const owner = readOwner(join(directory, "lock"));
  return typeof owner === "object" && owner.namespace === namespaceHere() && !isAlive(owner);
}

/** Creates a lock with its content in one step, where the file system knows links. False where there is one. */
function createLock(path: string, owner: Owner): boolean {
  const text = JSON.stringify(owner);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: "wx" });
    try {
      linkSync(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      writeFileSync(path, text, { flag: "wx" });
    } finally {
      rmSync(temporary, { force: true });
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw storageError(error, path);
  }
}

/** The owner named in a lock; unknown where the file was cut short by its death, or is no lock of ours. */
function readOwner(path: string): Owner | "unknown" | "nobody" {
  try {
    const owner = JSON.parse(readRegularFile(path).toString("utf8")) as Partial<Owner> | null;
    const { pid, host, started = null, namespace } = owner ?? {};
    const known =
      Number.isInteger(pid) && typeof host === "string" && (started === null || typeof started === "string");
    return known ? { pid: pid!, host, started, ...(typeof namespace === "string" && { namespace }) } : "unknown";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "nobody" : "unknown";
  }
}

function pause(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function isAlive(owner: Owner | "unknown" | "nobody"): owner is Owner {
  if (typeof owner === "string") return false;
  if (owner.host !== hostname()) return true;
  if (isInOtherNamespace(owner))
    return owner.started === null || bootOf(owner.started) === bootOf(startOf(process.pid));
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startOf(owner.pid);
  return started === null || owner.started === null || started === owner.started;
}

/** Whether an owner on this machine cannot be seen from here: its number is that of another process or of none. */
const isInOtherNamespace = ({ namespace }: Owner): boolean => namespace !== undefined && namespace !== namespaceHere();

/** The boot of the machine in which a process started, on Linux. */
const bootOf = (started: string | null): string | undefined => started?.split(":")[0];

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

/** What the numbers of processes are counted in: containers of one machine have their own. */
function namespaceHere(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
}

function lockedBy(owner: Owner, path: string): BenchError {
  const elsewhere = placeOf(owner);
  return new BenchError("RUN_LOCKED", `process ${owner.pid}${elsewhere} works in ${dirname(path)}`, {
    fix:
      elsewhere === ""
        ? "Wait for it to end, or choose another directory with --out."
        : `Wait for it, or choose another directory with --out; if that process is gone, delete ${path}.`,
    at: { file: path },
  });
}

/** Where an owner is that cannot be seen from here; empty for others. */
function placeOf(owner: Owner): string {
  if (owner.host !== hostname()) return ` on ${owner.host}`;
  return isInOtherNamespace(owner) ? " in another container of this machine" : "";
}
