import type { Attention } from "../engine/contract.js";

/** Attention probabilities as text, four bytes each in base64, to be kept with a buffer's item. */
export function packAttention({ values, ...rest }: Attention): string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return JSON.stringify({ ...rest, values: bytes.toString("base64") });
}

/** Reads what `packAttention` wrote, bit for bit. */
export function unpackAttention(text: string): Attention {
  const { values, ...rest } = JSON.parse(text) as Omit<Attention, "values"> & { values: string };
  return { ...rest, values: new Float32Array(Uint8Array.from(Buffer.from(values, "base64")).buffer) };
}
