import { random } from "../../harness/contract/random.js";
import type { AdapterOptions } from "./contract.js";

/**
 * Draws what the adapter of one module starts as; the model is as before. LoRA: A as PEFT draws it, uniform in ±1/√in
 * (Kaiming with a = √5); B stays zero. AdaLoRA: rows of A and columns of B are normal with a mean square length of 1,
 * where their regularizer wants them; the diagonal stays zero.
 *
 * @param path of the module.
 * @param down A, [rank, in] flat.
 * @param up B, [out, rank] flat.
 * @param place how many adapters a stack has beneath; undefined for none.
 */
export function startAdapter(
  { kind, rank }: AdapterOptions,
  { path, down, up }: { path: string; down: Float32Array; up: Float32Array },
  seed: number,
  place?: number,
): void {
  const draw = random({ seed, stream: "lora-initialisation", task: place, item: path });
  const bound = 1 / Math.sqrt(down.length / rank);
  if (kind !== "adalora") fill(down, () => (2 * draw.uniform() - 1) * bound);
  else {
    fill(down, () => draw.normal() * bound);
    fill(up, () => draw.normal() / Math.sqrt(up.length / rank));
  }
}

/** The token whose embedding each virtual token starts as (Lester et al., 2104.08691, section 3.2). */
export function startPrompts(virtualTokens: number, vocabulary: number, seed: number): number[] {
  return Array.from({ length: virtualTokens }, (_, item) =>
    random({ seed, stream: "prompt-initialisation", item }).integer(vocabulary),
  );
}

/** Keys, [keys, hidden] flat, each uniform in ±1. */
export function startKeys(keys: number, hidden: number, seed: number): Float32Array {
  const values = new Float32Array(keys * hidden);
  for (let key = 0; key < keys; key++) {
    const draw = random({ seed, stream: "key-initialisation", item: key });
    fill(values.subarray(key * hidden, (key + 1) * hidden), () => 2 * draw.uniform() - 1);
  }
  return values;
}

function fill(values: Float32Array, draw: () => number): void {
  for (let i = 0; i < values.length; i++) values[i] = draw();
}
