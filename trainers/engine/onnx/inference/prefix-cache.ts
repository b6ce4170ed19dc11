import { createHash } from "node:crypto";
import { Recent } from "../../../model/recent.js";

/** Tokens of a block. */
export const blockTokens = 32;

/**
 * Keys and values of blocks of prompts by all tokens up to their end: prompts that
 * begin alike share what they have in common, where they are of one scope. The blocks that were used least recently are dropped, those at the end of a
 * prompt before those at its beginning, without which they are of no use.
 */
export class PrefixCache {
  readonly #recent: Recent<Float32Array>;

  constructor(private readonly mostBytes: number) {
    this.#recent = new Recent(mostBytes);
  }

  /** Of all blocks that are kept. */
  get bytes(): number {
    return this.#recent.bytes;
  }

  /** What `find` and `add` know a prompt's whole blocks by: digests, each over a block and the digest of the one before, at first the scope. */
  keysOf(tokens: readonly number[], scope = ""): string[] {
    const keys: string[] = [];
    for (let end = blockTokens; this.mostBytes > 0 && end <= tokens.length; end += blockTokens) {
      const own = Int32Array.from(tokens.slice(end - blockTokens, end));
      const before = keys.at(-1) ?? scope;
      keys.push(createHash("sha256").update(before).update(own).digest("base64"));
    }
    return keys;
  }

  /** A block, where it is kept. */
  find(key: string): Float32Array | undefined {
    return this.#recent.find(key);
  }

  /** Keeps the whole blocks of a prompt, as far as they are new. */
  add(keys: readonly string[], blockAt: (index: number) => Float32Array): void {
    for (const [index, key] of [...keys.entries()].reverse()) {
      if (this.#recent.find(key) === undefined) this.#recent.add(key, blockAt(index)); // the first is used last
    }
  }

  /** To be called before weights change. */
  clear(): void {
    this.#recent.clear();
  }
}
