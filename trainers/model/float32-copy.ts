import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import { cacheDirectory } from "../../harness/contract/files.js";
import { type NamedTensor, readHeader, readTensor, type StoredTensor, writeSafetensors } from "./safetensors.js";
import { stateOf } from "./weights.js";

/** How long a copy stays that nothing opens, in milliseconds: thirty days. */
const unusedFor = 30 * 24 * 3600 * 1000;

const fileName = "model.safetensors";

/**
 * The tensors of a checkpoint in one float32 file in the user's cache. It is written where it is not there yet: once for all
 * workers and runs, until a file of the checkpoint changes. Copies that nothing opened for thirty days are removed then.
 *
 * @returns undefined where it cannot be written, such as on a full disk.
 * @throws MODEL_INVALID where the checkpoint cannot be read.
 */
export function float32Copy(stored: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> | undefined {
  const directory = placeOf(stored);
  try {
    if (!existsSync(join(directory, fileName))) {
      removeUnused(dirname(directory));
      write(directory, stored);
    }
    const now = new Date();
    utimesSync(directory, now, now); // not the file's time, by which those who have it open see whether it changed
    return readHeader(join(directory, fileName));
  } catch (error) {
    if (error instanceof BenchError && error.code === "MODEL_INVALID") throw error;
    return undefined;
  }
}

/** Whether there is a copy, or room for one. */
export function hasFloat32Copy(stored: ReadonlyMap<string, StoredTensor>): boolean {
  const directory = placeOf(stored);
  if (existsSync(join(directory, fileName))) return true;
  const bytes = [...stored.values()].reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  try {
    mkdirSync(dirname(directory), { recursive: true });
    const { bavail, bsize } = statfsSync(dirname(directory));
    return bavail * bsize > bytes;
  } catch {
    return false;
  }
}

/** For files in one state. */
function placeOf(stored: ReadonlyMap<string, StoredTensor>): string {
  const files = [...new Set([...stored.values()].map(({ file }) => realpathSync(file)))].sort();
  return join(cacheDirectory(), "float32", sha256(stateOf(files)).slice(0, 16));
}

/** Whole or not at all: several workers may write it at once, and the first one's stays. */
function write(directory: string, stored: ReadonlyMap<string, StoredTensor>): void {
  mkdirSync(dirname(directory), { recursive: true });
  const temporary = mkdtempSync(`${directory}.`);
  try {
    writeSafetensors(
      join(temporary, fileName),
      [...stored].map(([name, tensor]) => onReading(name, tensor)),
    );
    renameSync(temporary, directory);
  } catch (error) {
    if (!existsSync(join(directory, fileName))) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A tensor that is read when its values are asked for, and not kept. */
function onReading(name: string, tensor: StoredTensor): NamedTensor {
  return {
    name,
    shape: tensor.shape,
    get values() {
      return readTensor(tensor);
    },
  };
}

function removeUnused(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const copy = join(directory, name);
    const used = statSync(copy, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - used > unusedFor) rmSync(copy, { recursive: true, force: true });
  }
}
