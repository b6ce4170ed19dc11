import { Recent } from "../../../model/recent.js";

/** Logits, and keys and values of each layer, of one prompt, by the names of the graph's outputs. */
export type Prefill = Record<string, Float32Array>;

/** Prompts that were computed, the least recently asked ones dropped. */
export class PromptCache {
  readonly #recent: Recent<{ prefill: Prefill; byteLength: number }>;

  constructor(mostBytes: number) {
    this.#recent = new Recent(mostBytes);
  }

  /** What was computed of the same prompt. */
  get(tokens: readonly number[]): Prefill | undefined {
    return this.#recent.find(tokens.join())?.prefill;
  }

  add(tokens: readonly number[], prefill: Prefill): void {
    const key = tokens.join();
    const byteLength = Object.values(prefill).reduce((sum, own) => sum + own.byteLength, 2 * key.length);
    this.#recent.add(key, { prefill, byteLength });
  }

  /** To be called before weights change. */
  clear(): void {
    this.#recent.clear();
  }
}
