import type { Logits } from "../engine/contract.js";

/** Logits as text, four bytes an element in base64, to be kept with a buffer's item. */
export function packLogits({ rows, classes, values }: Logits): string {
  return `${rows}x${classes}:${packFloats(values)}`;
}

/** Reads what `packLogits` wrote, bit for bit. */
export function unpackLogits(text: string): Logits {
  const colon = text.indexOf(":");
  const [rows, classes] = text.slice(0, colon).split("x").map(Number) as [number, number];
  return { rows, classes, values: unpackFloats(text.slice(colon + 1)) };
}

/** Numbers as text: their four bytes each, in base64. */
export function packFloats({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** Reads what `packFloats` wrote, bit for bit. */
export function unpackFloats(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}
