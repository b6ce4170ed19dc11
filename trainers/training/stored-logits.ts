import type { Logits } from "../engine/contract.js";

/** Logits as text, four bytes an element in base64, to be kept with a buffer's item. */
export function packLogits({ rows, classes, values }: Logits): string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return `${rows}x${classes}:${bytes.toString("base64")}`;
}

/** Reads what `packLogits` wrote, bit for bit. */
export function unpackLogits(text: string): Logits {
  const colon = text.indexOf(":");
  const [rows, classes] = text.slice(0, colon).split("x").map(Number) as [number, number];
  const bytes = Uint8Array.from(Buffer.from(text.slice(colon + 1), "base64"));
  return { rows, classes, values: new Float32Array(bytes.buffer) };
}
