import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Bytes of one write; system calls take at most 2 GiB. */
const mostAtOnce = 2 ** 30;

/**
 * Writes a file so that a reader sees the old content or the new one, never a part: a temporary name beside it,
 * fsync, then rename. Creates the directories above it. Data in pieces is written piece by piece.
 */
export function writeFileAtomically(path: string, data: string | Uint8Array | Iterable<Uint8Array>): void {
  mkdirSync(dirname(path), { recursive: true });
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

/** The root of this package (where package.json stands), from the sources and from dist/ alike. */
export const packageRoot: string = (() => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
})();
