import { createHash } from "node:crypto";
import { Recent } from "../../../model/recent.js";
import { blockTokens } from "./graphs.js";

/**
 * Keys and values of blocks of prompts by all tokens up to their end, as `KeyValueCache.read` gives them: prompts that
 * begin alike share what they have in common, where they are of one scope. The blocks that were used least recently are dropped, those at the end of a
 * prompt before those at its beginning, without which they are of no use.
 */
export class PrefixCache {
  readonly #recent: Recent<Float32Array>;

  constructor(mostBytes: number) {
    this.#recent = new Recent(mostBytes);
  }

  /** Of all blocks that are kept. */
  get bytes(): number {
    return this.#recent.bytes;
  }

  /** The blocks that are kept of a prompt's beginning. They leave one token at least to be computed. */
  find(tokens: readonly number[], scope?: string): Float32Array[] {
    const keys = keysOf(tokens.slice(0, -1), scope);
    const missing = keys.findIndex((key) => this.#recent.find(key) === undefined);
    const known = missing < 0 ? keys : keys.slice(0, missing);
    return known.map((_, index) => this.#recent.find(known.at(-1 - index)!)!).reverse(); // the first is used last
  }

  /** Keeps the whole blocks of a prompt, as far as they are new. */
  add(tokens: readonly number[], scope: string | undefined, blockAt: (start: number) => Float32Array): void {
    for (const [index, key] of [...keysOf(tokens, scope).entries()].reverse()) {
      if (this.#recent.find(key) === undefined) this.#recent.add(key, blockAt(index * blockTokens));
    }
  }

  /** To be called before weights change. */
  clear(): void {
    this.#recent.clear();
  }
}

/** A digest for each whole block, over it and the digest of the one before, at first the scope. */
function keysOf(tokens: readonly number[], scope = ""): string[] {
  const keys: string[] = [];
  for (let end = blockTokens; end <= tokens.length; end += blockTokens) {
    const own = Int32Array.from(tokens.slice(end - blockTokens, end));
    keys.push(
      createHash("sha256")
        .update(keys.at(-1) ?? scope)
        .update(own)
        .digest("base64"),
    );
  }
  return keys;
}
