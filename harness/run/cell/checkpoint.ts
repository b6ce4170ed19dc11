import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join, relative } from "node:path";
import type { Learner } from "../../contract/trainer.js";
import { layout } from "../store/store.js";
import type { MeteredBuffer } from "./buffer.js";
import { callPlugin } from "./guard.js";

export interface Checkpoint {
  /** Relative to the run directory. */
  path: string;
  /** SHA-256 over names and contents of its files. */
  digest: string;
  /** Size of what the learner saved and of its past data. */
  bytes: number;
}

/** Saves a learner and its past data under a row: whole or not at all. */
export async function saveCheckpoint(
  learner: Learner,
  buffer: MeteredBuffer,
  place: { directory: string; cell: string; row: number },
): Promise<Checkpoint> {
  const path = layout.checkpoint(place.cell, place.row);
  const target = join(place.directory, path);
  const unfinished = `${target}.tmp`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(join(unfinished, "learner"), { recursive: true });
  await callPlugin("the trainer's save", () => learner.save(join(unfinished, "learner")), true);
  buffer.save(join(unfinished, "buffer.json"));
  syncFiles(unfinished);
  const { digest, bytes } = digestDirectory(unfinished);
  rmSync(target, { recursive: true, force: true });
  renameSync(unfinished, target);
  return { path, digest, bytes };
}

/** Brings a new learner and an empty buffer to what was saved. */
export async function restoreCheckpoint(learner: Learner, buffer: MeteredBuffer, directory: string): Promise<void> {
  buffer.restore(join(directory, "buffer.json"));
  await callPlugin("the trainer's restore", () => learner.restore(join(directory, "learner")));
}

/** Whether a checkpoint is there and intact. */
export function isIntact(directory: string, digest: string): boolean {
  return existsSync(directory) && digestDirectory(directory).digest === digest;
}

/** Removes the checkpoint of one row, if it is there. */
export function removeCheckpoint(directory: string, cell: string, row: number): void {
  rmSync(join(directory, layout.checkpoint(cell, row)), { recursive: true, force: true });
}

/** Removes every checkpoint of a cell but those of the given rows, unfinished ones too. */
export function pruneCheckpoints(directory: string, cell: string, keep: readonly number[]): void {
  const checkpoints = join(directory, layout.checkpoints(cell));
  if (!existsSync(checkpoints)) return;
  const kept = new Set(keep.map(String));
  for (const name of readdirSync(checkpoints)) {
    if (!kept.has(name)) rmSync(join(checkpoints, name), { recursive: true, force: true });
  }
}

/** Digest and size of a directory's files. */
function digestDirectory(directory: string): { digest: string; bytes: number } {
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(1 << 20);
  let bytes = 0;
  for (const path of filesOf(directory)) {
    hash.update(`${relative(directory, path).replaceAll("\\", "/")}\0`);
    const file = openSync(path, "r");
    try {
      for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
        hash.update(chunk.subarray(0, read));
        bytes += read;
      }
    } finally {
      closeSync(file);
    }
  }
  return { digest: hash.digest("hex"), bytes };
}

/** Makes sure that a directory's files survive a loss of power. */
function syncFiles(directory: string): void {
  for (const path of filesOf(directory)) {
    const file = openSync(path, "r+");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
