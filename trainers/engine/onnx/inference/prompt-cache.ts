/** Logits, and keys and values of each layer, of one prompt, by the names of the graph's outputs. */
export type Prefill = Record<string, Float32Array>;

/** Prompts that were computed, the least recently asked ones dropped. */
export class PromptCache {
  readonly #prefills = new Map<string, Prefill>();
  #bytes = 0;

  constructor(private readonly mostBytes: number) {}

  /** What was computed of the same prompt. */
  get(tokens: readonly number[]): Prefill | undefined {
    const key = tokens.join();
    const known = this.#prefills.get(key);
    if (known !== undefined) {
      this.#prefills.delete(key);
      this.#prefills.set(key, known); // at the end: asked last
    }
    return known;
  }

  add(tokens: readonly number[], prefill: Prefill): void {
    const key = tokens.join();
    const size = bytesOf(key, prefill);
    if (size > this.mostBytes || this.#prefills.has(key)) return;
    this.#prefills.set(key, prefill);
    this.#bytes += size;
    for (const [oldest, own] of this.#prefills) {
      if (this.#bytes <= this.mostBytes) return;
      this.#prefills.delete(oldest);
      this.#bytes -= bytesOf(oldest, own);
    }
  }

  /** To be called before weights change. */
  clear(): void {
    this.#prefills.clear();
    this.#bytes = 0;
  }
}

const bytesOf = (key: string, prefill: Prefill): number =>
  Object.values(prefill).reduce((sum, { byteLength }) => sum + byteLength, 2 * key.length);
