import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { BenchError } from "../errors.js";

/**
 * Opens a file for reading. What has no end, or has none until somebody writes it, is refused before it is waited for:
 * pipes, devices and sockets.
 *
 * @throws STORAGE for these, and what the system throws for a path that cannot be opened.
 */
export function openRegularFile(path: string): number {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new BenchError("STORAGE", `${path} is no file, but a directory, a pipe or a device`, {
    fix: "Write its content to a file, and give that.",
    at: { file: path },
  });
}

/** The bytes of a file. Throws as `openRegularFile`. */
export function readRegularFile(path: string): Buffer {
  const descriptor = openRegularFile(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
