import type { Attention } from "../engine/contract.js";
import { packFloats, unpackFloats } from "./stored-logits.js";

/** Attention probabilities as text, four bytes each in base64, to be kept with a buffer's item. */
export function packAttention({ values, ...rest }: Attention): string {
  return JSON.stringify({ ...rest, values: packFloats(values) });
}

/** Reads what `packAttention` wrote, bit for bit. */
export function unpackAttention(text: string): Attention {
  const { values, ...rest } = JSON.parse(text) as Omit<Attention, "values"> & { values: string };
  return { ...rest, values: unpackFloats(values) };
}
