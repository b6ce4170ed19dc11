import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchError } from "./errors.js";

/** Bytes of one write; system calls take at most 2 GiB. */
const mostAtOnce = 2 ** 30;

/**
 * Writes a file so that a reader sees the old content or the new one, never a part: a temporary file next to it,
 * fsync, then rename. Creates the directories above it. Data in pieces is written piece by piece.
 *
 * @throws STORAGE where the path is not a regular file but, say, a device: it is not replaced.
 */
export function writeFileAtomically(path: string, data: string | Uint8Array | Iterable<Uint8Array>): void {
  mkdirSync(dirname(path), { recursive: true });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile() && !there.isSymbolicLink()) {
    throw new BenchError("STORAGE", `${path} is no file`, { fix: "Choose another path.", at: { file: path } });
  }
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      const pieces = typeof data === "string" ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data;
      for (const bytes of pieces) {
        for (let written = 0; written < bytes.length; ) {
          written += writeSync(file, bytes, written, Math.min(bytes.length - written, mostAtOnce));
        }
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes to a path that a user named: atomically where it is a file or nothing yet, through it where it is a link, and as
 * a stream where it is a device, a pipe or an open file of this process, such as /dev/stdout.
 *
 * @throws STORAGE where it is a directory or a socket.
 */
export function writeOutput(path: string, text: string): void {
  const open = openFile(path);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined && open === undefined) {
    writeFileAtomically(path, text);
  } else if (open !== undefined || there?.isCharacterDevice() || there?.isFIFO()) {
    writeFileSync(open ?? path, text, { flag: "a" });
  } else if (there?.isFile()) {
    writeFileAtomically(realpathSync(path), text);
  } else {
    throw new BenchError("STORAGE", `${path} is no file`, {
      fix: "Give the path of a file, or of a device such as /dev/stdout.",
      at: { file: path },
    });
  }
}

/** The file descriptor that a path names, where it is one of this process. */
function openFile(path: string): number | undefined {
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d{1,6})$/.exec(path)?.[1];
  return number === undefined ? { "/dev/stdout": 1, "/dev/stderr": 2 }[path] : Number(number);
}

/** The root of this package (where package.json is), from the sources and from dist/ alike. */
export const packageRoot: string = (() => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
})();

/** Where bench keeps what can be made anew, for all runs of a user. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "bench");
}

/** The version of this package. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;
}
