import { closeSync, fstatSync, readSync } from "node:fs";
import { totalmem } from "node:os";
import { BenchError } from "../../harness/contract/errors.js";
import { openRegularFile } from "../../harness/contract/files/read-file.js";
import { writeFileAtomically } from "../../harness/contract/files.js";

/** A tensor as stored in a file. The format: https://huggingface.co/docs/safetensors */
export interface StoredTensor {
  file: string;
  dtype: "F32" | "F16" | "BF16";
  shape: number[];
  /** Bytes from the start of the file. */
  start: number;
  bytes: number;
}

/** A tensor in memory. */
export interface NamedTensor {
  name: string;
  shape: readonly number[];
  values: Float32Array;
}

const bytesPerElement: Record<string, number> = { F32: 4, F16: 2, BF16: 2 };
const readable = Object.keys(bytesPerElement).join(", ");
/** A header of a hundred thousand tensors takes less. */
const largestHeader = 16 * 1024 * 1024;

/** The tensors of one file by name, from its header alone. Throws MODEL_INVALID if the header or an offset is wrong. */
export function readHeader(file: string): Map<string, StoredTensor> {
  return withFile(file, (descriptor) => {
    const { header, length, size } = headerOf(file, descriptor);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, entry] of Object.entries(header)) {
      if (name !== "__metadata__") tensors.set(name, checkEntry(file, name, entry, 8 + length, size));
    }
    checkOverlaps(file, tensors);
    return tensors;
  });
}

function headerOf(file: string, descriptor: number): { header: Record<string, unknown>; length: number; size: number } {
  const size = fstatSync(descriptor).size;
  const length = size < 8 ? 0 : Number(readBytes(file, descriptor, 0, 8).readBigUInt64LE());
  if (length < 2 || 8 + length > size) {
    throw invalid(file, `The header is truncated: the file has ${size} bytes, its header asks for ${8 + length}.`);
  }
  if (length > largestHeader) throw invalid(file, `The header has ${length} bytes; at most ${largestHeader} are read.`);
  return { header: parseHeader(file, readBytes(file, descriptor, 8, length)), length, size };
}

/** Throws MODEL_INVALID where a value is not finite: such a model answers nothing. */
export function requireFinite(name: string, values: Float32Array, file: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value - value === 0) continue;
    throw new BenchError("MODEL_INVALID", `The weights are not finite: there is ${value} in "${name}".`, {
      at: { file },
      fix: "Take a checkpoint from before its training diverged, or download the file again.",
    });
  }
}

/** Reads tensors, in the order given, as float32; float16 and bfloat16 widen without loss. */
export function readTensor(tensor: StoredTensor, into?: Float32Array): Float32Array {
  const count = tensor.bytes / bytesPerElement[tensor.dtype]!;
  if (4 * count > totalmem()) {
    throw invalid(tensor.file, `A tensor takes ${4 * count} bytes; this machine has a memory of ${totalmem()}.`);
  }
  const values = into ?? new Float32Array(count);
  if (values.length !== count) throw new RangeError(`${count} values do not fit into ${values.length}.`);
  if (tensor.dtype === "F32") {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    withFile(tensor.file, (descriptor) => fill(tensor.file, descriptor, tensor.start, bytes));
    return values;
  }
  const bytes = withFile(tensor.file, (descriptor) => readBytes(tensor.file, descriptor, tensor.start, tensor.bytes));
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  const bits = new Uint32Array(values.buffer, values.byteOffset, count);
  const widen = tensor.dtype === "BF16" ? (half: number) => half << 16 : float16Bits;
  for (let i = 0; i < count; i++) bits[i] = widen(halves[i]!);
  return values;
}

/** All tensors of one file, in its order. Throws MODEL_INVALID if the header or an offset is wrong. */
export function readSafetensors(file: string): NamedTensor[] {
  return [...readHeader(file)].map(([name, stored]) => ({ name, shape: stored.shape, values: readTensor(stored) }));
}

/** Tensors, read one after the other. Throws MODEL_INVALID for values that are not finite. */
export function* readFinite(stored: Iterable<readonly [string, StoredTensor]>): Generator<NamedTensor> {
  for (const [name, tensor] of stored) {
    const values = readTensor(tensor);
    requireFinite(name, values, tensor.file);
    yield { name, shape: tensor.shape, values };
  }
}

/**
 * Writes float32 tensors to one file, in the order given; the same tensors give the same bytes. The file is never held
 * in memory as a whole, so it may be of any size. The values of a tensor are asked for once, when it is its turn.
 *
 * @param metadata further texts for the file's `__metadata__`.
 */
export function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  for (const { name, shape } of tensors) {
    const end = offset + shape.reduce((product, size) => product * size, Float32Array.BYTES_PER_ELEMENT);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text + " ".repeat(-Buffer.byteLength(text) & 7));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  writeFileAtomically(
    path,
    (function* () {
      yield length;
      yield padded;
      for (const { values } of tensors) yield* bytesOf(values);
    })(),
  );
}

/** The bytes of numbers in pieces: one array of bytes is at most 4 GiB in Node 20. */
export function* bytesOf(values: Float32Array, most = 2 ** 30): Generator<Uint8Array> {
  const { buffer, byteOffset, byteLength } = values;
  for (let start = 0; start < byteLength; start += most) {
    yield new Uint8Array(buffer, byteOffset + start, Math.min(most, byteLength - start));
  }
}

/** The texts in a file's `__metadata__`. Throws MODEL_INVALID if the header is wrong. */
export function readMetadata(file: string): Record<string, string> {
  const { __metadata__: metadata } = withFile(file, (descriptor) => headerOf(file, descriptor).header);
  const entries = metadata !== null && typeof metadata === "object" ? Object.entries(metadata) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The float32 bits of an IEEE 754 half, subnormals, infinities and NaN payloads included. */
function float16Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

function parseHeader(file: string, bytes: Buffer): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (header !== null && typeof header === "object" && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch {}
  throw invalid(file, "The header is not a JSON object.");
}

function checkEntry(file: string, name: string, entry: unknown, dataStart: number, size: number): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2 || typeof dtype !== "string") {
    throw invalid(file, `The header's entry of tensor "${name}" lacks a dtype, a shape or two offsets.`);
  }
  const width = Object.hasOwn(bytesPerElement, dtype) ? bytesPerElement[dtype] : undefined;
  if (width === undefined) {
    throw new BenchError("MODEL_INVALID", `Tensor "${name}" has type ${dtype}; bench reads ${readable}.`, {
      at: { file },
      fix: "Save the model in float32, float16 or bfloat16, not quantized.",
    });
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, extent) => product * extent, width);
  if (end - begin !== bytes) {
    throw invalid(file, `Tensor "${name}" has ${end - begin} bytes; its shape [${shape}] in ${dtype} needs ${bytes}.`);
  }
  if (dataStart + end > size) {
    throw invalid(file, `Tensor "${name}" ends at byte ${dataStart + end}; the file has ${size}.`);
  }
  return { file, dtype: dtype as StoredTensor["dtype"], shape, start: dataStart + begin, bytes };
}

function checkOverlaps(file: string, tensors: Map<string, StoredTensor>): void {
  let [previous, end] = ["", 0];
  for (const [name, tensor] of [...tensors].sort(([, a], [, b]) => a.start - b.start || a.bytes - b.bytes)) {
    if (tensor.start < end) throw invalid(file, `Tensors "${previous}" and "${name}" share bytes.`);
    [previous, end] = [name, tensor.start + tensor.bytes];
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function invalid(file: string, message: string): BenchError {
  return new BenchError("MODEL_INVALID", message, { at: { file }, fix: "Download or save the file again." });
}

function withFile<T>(file: string, use: (descriptor: number) => T): T {
  let descriptor: number;
  try {
    descriptor = openRegularFile(file);
  } catch (cause) {
    throw new BenchError("MODEL_INVALID", `The file cannot be opened: ${(cause as Error).message}.`, {
      at: { file },
      cause,
      fix: "Check that the file exists and may be read.",
    });
  }
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readBytes(file: string, descriptor: number, start: number, length: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(length));
  fill(file, descriptor, start, bytes);
  return bytes;
}

/** System calls read at most 2 GiB at a time. */
function fill(file: string, descriptor: number, start: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30), start + done);
    if (read === 0) throw invalid(file, `The file ends at byte ${start + done}.`);
    done += read;
  }
}
