import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { BenchError } from "../../../../harness/contract/errors.js";
import { float32Copy, hasFloat32Copy } from "../../../model/float32-copy.js";
import { readTensor, type StoredTensor } from "../../../model/safetensors.js";
import { stateOf } from "../../../model/weights.js";

/** Files in one directory that tensors are mapped from, as they were when they were found. */
class MappedFiles {
  /** Their state, see `stateOf`. */
  readonly identity: string;

  constructor(private readonly files: readonly string[]) {
    this.identity = stateOf(files);
  }

  /** Links resolved: ONNX Runtime follows none that lead out of it. */
  get directory(): string {
    return dirname(this.files[0]!);
  }

  /** Throws MODEL_INVALID where a file is not what it was: memory of before a change and after it would not fit together. */
  check(): void {
    if (stateOf(this.files) === this.identity) return;
    throw new BenchError("MODEL_INVALID", "The weights were changed while a model that reads them was open.", {
      at: { file: this.directory },
      fix: "Start again, and write new weights into a directory of their own.",
    });
  }
}

/**
 * A float32 tensor in a file, among what a graph is fed. ONNX Runtime maps it: the memory is the operating system's, once
 * for all sessions, threads and processes that read it.
 */
export class MappedTensor {
  constructor(
    readonly files: MappedFiles,
    private readonly stored: StoredTensor,
  ) {}

  get dims(): readonly number[] {
    return this.stored.shape;
  }

  /** The file's name in the directory, and the bytes from its start. */
  get place(): { location: string; offset: number; length: number } {
    const { file, start, bytes } = this.stored;
    return { location: basename(file), offset: start, length: bytes };
  }

  /** As many values as there is room for, from the one at `first` on. Throws MODEL_INVALID where the file was changed. */
  read(into: Float32Array, first = 0): Float32Array {
    this.files.check();
    const { start } = this.stored;
    return readTensor({ ...this.stored, start: start + first * into.BYTES_PER_ELEMENT, bytes: into.byteLength }, into);
  }
}

/**
 * The tensors of a checkpoint as ONNX Runtime can map them: of its own files where they are float32 in one directory, else
 * of a copy. Undefined on Windows, and where a copy cannot be written.
 */
export function mappedTensors(
  stored: ReadonlyMap<string, StoredTensor>,
  platform: NodeJS.Platform = process.platform,
): ReadonlyMap<string, MappedTensor> | undefined {
  const found = platform === "win32" ? undefined : isMappable(stored) ? stored : float32Copy(stored);
  if (!found) return undefined;
  const real = realFiles(found);
  const files = new MappedFiles([...real.values()]);
  return new Map(
    [...found].map(([name, own]) => [name, new MappedTensor(files, { ...own, file: real.get(own.file)! })]),
  );
}

/** Whether `mappedTensors` will find them. Copies nothing. */
export function canBeMapped(stored: ReadonlyMap<string, StoredTensor>, platform = process.platform): boolean {
  return platform !== "win32" && (isMappable(stored) || hasFloat32Copy(stored));
}

function isMappable(stored: ReadonlyMap<string, StoredTensor>): boolean {
  const fits = [...stored.values()].every(({ dtype, start }) => dtype === "F32" && start % 4 === 0);
  return fits && new Set([...realFiles(stored).values()].map(dirname)).size === 1;
}

/** By the names under which they are stored. */
function realFiles(stored: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, string> {
  return new Map([...new Set([...stored.values()].map(({ file }) => file))].map((own) => [own, realpathSync(own)]));
}
