import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { pathInside } from "../contract/files/foreign-path.js";
import type { StoredFile } from "../contract/registry.js";

/** A checkpoint's files under the digest of their contents: equal checkpoints are stored once. */
export interface StoredCheckpoint {
  content: string;
  files: StoredFile[];
  /** Files of a training that a model does not need, relative to it. */
  leftOut: string[];
}

/** State of a training, often twice the size of the model. */
const trainingState = /^(?:optimizer|scheduler|scaler|training_args|rng_state\w*)\.(?:pt|pth|bin)$/;

const models = "models";

/** Where the files of a stored checkpoint are. */
export const contentDirectory = (registry: string, content: string): string =>
  pathInside(join(registry, models), content);

/** A checkpoint that was copied and is not a content of a registry yet. */
export interface CheckpointCopy extends StoredCheckpoint {
  /** Where the copy is. */
  directory: string;
}

/** A place for a copy that is uploaded from there. */
export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), "bench-registry-"));

/** A place in a registry for a copy of this process. */
export const incomingDirectory = (registry: string): string =>
  join(registry, models, `incoming-${process.pid}-${randomBytes(4).toString("hex")}`);

/**
 * Copies a checkpoint into a directory of its own, without hidden files and the state of a training.
 *
 * @throws STORAGE where something in it is no file, such as a device, or cannot be read.
 */
export function copyCheckpoint(source: string, directory: string): CheckpointCopy {
  mkdirSync(directory, { recursive: true });
  try {
    const paths = filesOf(source);
    const leftOut = paths.filter((path) => trainingState.test(path));
    const files = paths.filter((path) => !trainingState.test(path)).map((path) => copyFile(source, path, directory));
    return { content: digestOf(files), files, leftOut, directory };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Makes a copy a content of the registry, unless the same is there and intact. To be called while the registry is changed:
 * a collection of garbage in between would remove a content that no version has yet.
 */
export function keepContent(registry: string, { content, files, directory }: CheckpointCopy): void {
  const target = contentDirectory(registry, content);
  if (existsSync(target) && damageOf(registry, { content, files }).length > 0) rmSync(target, { recursive: true });
  if (!existsSync(target)) renameSync(directory, target);
}

/** Removes a copy that did not become a content. */
export function discardCopy({ directory }: CheckpointCopy): void {
  rmSync(directory, { recursive: true, force: true });
}

/** What is wrong with the files of a stored checkpoint, a line each; none where they are what was stored. */
export function damageOf(registry: string, { content, files }: Pick<StoredCheckpoint, "content" | "files">): string[] {
  const directory = contentDirectory(registry, content);
  return files.flatMap(({ path, bytes, sha256 }) => {
    const file = pathInside(directory, path);
    const there = statSync(file, { throwIfNoEntry: false });
    if (!there?.isFile()) return [`${path} is missing`];
    if (there.size !== bytes) return [`${path} has ${there.size} bytes instead of ${bytes}`];
    return passThrough(file, () => undefined) === sha256 ? [] : [`${path} has another content`];
  });
}

/** Contents in a registry that no version has, copies that were interrupted among them. */
export function unreferencedContents(registry: string, contents: ReadonlySet<string>): string[] {
  const directory = join(registry, models);
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => !contents.has(name) && !isBeingCopied(name));
}

/** Removes what `unreferencedContents` named. */
export function removeContent(registry: string, name: string): void {
  rmSync(pathInside(join(registry, models), name), { recursive: true, force: true });
}

function isBeingCopied(name: string): boolean {
  const pid = /^incoming-(\d+)-/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Relative paths, sorted; links are followed to files. */
function filesOf(directory: string, below = ""): string[] {
  const names = readdirSync(join(directory, below)).filter((name) => !name.startsWith("."));
  return names.sort().flatMap((name) => {
    const path = below === "" ? name : `${below}/${name}`;
    const file = join(directory, path);
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.isDirectory()) return filesOf(directory, path);
    if (there?.isFile()) return [path];
    throw new BenchError("STORAGE", `${file} is no file that can be copied`, {
      fix: "Remove it from the checkpoint, or copy the checkpoint without it first.",
      at: { file },
    });
  });
}

function copyFile(source: string, path: string, directory: string): StoredFile {
  const target = pathInside(directory, path);
  mkdirSync(dirname(target), { recursive: true });
  const copy = openSync(target, "wx");
  let bytes = 0;
  try {
    const sha256 = passThrough(join(source, path), (chunk) => {
      for (let written = 0; written < chunk.length; ) written += writeSync(copy, chunk, written);
      bytes += chunk.length;
    });
    fsyncSync(copy);
    return { path, bytes, sha256 };
  } finally {
    closeSync(copy);
  }
}

/** Hands a file over piece by piece; its SHA-256. */
function passThrough(path: string, take: (chunk: Uint8Array) => void): string {
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(1 << 22);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      const chunk = buffer.subarray(0, read);
      hash.update(chunk);
      take(chunk);
    }
    return hash.digest("hex");
  } finally {
    closeSync(file);
  }
}
