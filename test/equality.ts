import { expect } from "vitest";

/** Typed arrays of the same bytes are equal: vitest compares number by number, which takes a second for 300 kB. */
function sameBytes(first: unknown, second: unknown): true | undefined {
  if (!isTyped(first) || !isTyped(second) || first.constructor !== second.constructor) return undefined;
  return bytesOf(first).equals(bytesOf(second)) || undefined; // else as vitest does, which shows the first difference
}

const isTyped = (value: unknown): value is Uint8Array => ArrayBuffer.isView(value) && !(value instanceof DataView);
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength);

/** A worker is set up before each of its files, and keeps what it was given. */
const worker: typeof globalThis & { comparesBytes?: true } = globalThis;
if (worker.comparesBytes === undefined) expect.addEqualityTesters([sameBytes]);
worker.comparesBytes = true;
