import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, readHeader, readTensor, writeSafetensors } from "../../../trainers/model/safetensors.js";
import { temporaryDirectory } from "./tiny-model.js";

/** A file with one tensor of raw bytes, put together by hand from the published description of the format. */
function rawFile(path: string, header: unknown, data: Uint8Array): string {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, data]));
  return path;
}

test("float32 tensors come back bit for bit, NaN payloads and negative zero included", () => {
  const directory = temporaryDirectory();
  const arbitraryBits = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(arbitraryBits, { minLength: 1, maxLength: 4 }), (tensors) => {
      const file = join(directory, "round.safetensors");
      const named = tensors.map((bits, index) => ({
        name: `tensor.${index}.ä`,
        shape: [bits.length, 1],
        values: new Float32Array(Uint32Array.from(bits).buffer),
      }));
      writeSafetensors(file, named);
      const header = readHeader(file);
      expect([...header.keys()]).toEqual(named.map(({ name }) => name));
      for (const { name, shape, values } of named) {
        expect(header.get(name)!.shape).toEqual(shape);
        expect(header.get(name)!.start % 4).toBe(0);
        const read = readTensor(header.get(name)!);
        expect(new Uint32Array(read.buffer)).toEqual(new Uint32Array(values.buffer));
      }
    }),
    { numRuns: 50 },
  );
});

/** IEEE 754 binary16 by its definition. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

test("every float16 widens to its value", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const file = rawFile(
    join(temporaryDirectory(), "half.safetensors"),
    { x: { dtype: "F16", shape: [65536], data_offsets: [0, 131072] } },
    new Uint8Array(all.buffer),
  );
  expect(readTensor(readHeader(file).get("x")!)).toEqual(Float32Array.from(all, half));
});

test("bfloat16 is the upper half of a float32", () => {
  const values = Float32Array.of(1, -2.5, 0.15625, 3e38, Number.NEGATIVE_INFINITY, -0);
  const upper = Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
  const file = rawFile(
    join(temporaryDirectory(), "brain.safetensors"),
    { x: { dtype: "BF16", shape: [2, 3], data_offsets: [0, 12] } },
    new Uint8Array(upper.buffer),
  );
  const read = readTensor(readHeader(file).get("x")!);
  expect([...read]).toEqual([1, -2.5, 0.15625, read[3], Number.NEGATIVE_INFINITY, -0]);
  expect(Math.abs(read[3]! / 3e38 - 1)).toBeLessThan(2 ** -7);
});

test("a tensor can be read into part of a larger array", () => {
  const file = join(temporaryDirectory(), "x.safetensors");
  writeSafetensors(file, [{ name: "x", shape: [2], values: Float32Array.of(5, 6) }]);
  const flat = new Float32Array(4);
  readTensor(readHeader(file).get("x")!, flat.subarray(1, 3));
  expect([...flat]).toEqual([0, 5, 6, 0]);
});

test.each<[string, unknown, number, RegExp]>([
  ["no header", "", 0, /truncated/],
  ["not JSON", "{oops", 4, /not a JSON object/],
  ["not an object", "[1, 2]", 4, /not a JSON object/],
  ["no shape", { x: { dtype: "F32", data_offsets: [0, 4] } }, 4, /"x" lacks/],
  ["negative offset", { x: { dtype: "F32", shape: [1], data_offsets: [-4, 0] } }, 4, /"x" lacks/],
  ["bytes against shape", { x: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }, 8, /has 8 bytes.*needs 12/],
  ["beyond the end", { x: { dtype: "F32", shape: [3], data_offsets: [0, 12] } }, 8, /ends at byte/],
  ["quantized", { x: { dtype: "I8", shape: [4], data_offsets: [0, 4] } }, 4, /type I8/],
  [
    "shared bytes",
    { a: { dtype: "F32", shape: [2], data_offsets: [0, 8] }, b: { dtype: "F32", shape: [1], data_offsets: [4, 8] } },
    8,
    /"a" and "b" share bytes/,
  ],
])("%s: an error that names the file", (_case, header, bytes, message) => {
  const file = rawFile(join(temporaryDirectory(), "bad.safetensors"), header, new Uint8Array(bytes));
  expect(() => readHeader(file)).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      at: { file },
      fix: expect.any(String),
      message: expect.stringMatching(message),
    }),
  );
});

test("a file cut anywhere is refused", () => {
  const directory = temporaryDirectory();
  const file = join(directory, "whole.safetensors");
  writeSafetensors(file, [{ name: "x", shape: [5], values: new Float32Array(5) }]);
  const size = readFileSync(file).length;
  for (let cut = 0; cut < size; cut += 3) {
    writeSafetensors(file, [{ name: "x", shape: [5], values: new Float32Array(5) }]);
    truncateSync(file, cut);
    expect(() => readHeader(file)).toThrow(expect.objectContaining({ code: "MODEL_INVALID", at: { file } }));
  }
});

test("a file that is not there is named", () => {
  const file = join(temporaryDirectory(), "absent.safetensors");
  expect(() => readHeader(file)).toThrow(expect.objectContaining({ code: "MODEL_INVALID", at: { file } }));
});

test("the bytes of a tensor come in pieces, of a part of a buffer too", () => {
  const values = Float32Array.from({ length: 9 }, (_, index) => index / 3).subarray(2);
  const pieces = [...bytesOf(values, 12)];
  expect(pieces.map(({ length }) => length)).toEqual([12, 12, 4]);
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(values.slice().buffer));
});
