import { byCodeUnits } from "../documents.js";
import { Slots } from "../slots.js";

/** A phrase that is like another, with the cosine of the two. */
export type Likeness = readonly [phrase: string, cosine: number];

/**
 * Pairs of phrases whose sets of character trigrams have a cosine |A∩B| / √(|A|·|B|) of at least a threshold. All of them are
 * found, by prefix filtering (Bayardo, Ma & Srikant 2007): two such sets share one of the first |A| − ⌈t²·|A|⌉ + 1 trigrams
 * of either in a fixed order, so that a new phrase is compared with few others; of these, most are set aside by a bitmap of 64
 * bits (Sandes et al. 2020). Whether two phrases are alike depends on them alone: the pairs do not depend on the order in
 * which phrases come and go.
 */
export class SimilarPhrases {
  readonly #threshold: number;
  readonly #phrases = new Slots();
  readonly #grams = new Slots();
  /** By the number of a trigram: how many phrases have it. */
  readonly #uses: number[] = [];
  /** By the number of a trigram: the phrases in whose prefix it is. */
  readonly #prefixes: number[][] = [];
  /** By the number of a phrase: its trigrams in the fixed order. */
  readonly #sets: Int32Array[] = [];
  /** By the number of a phrase: 64 bits, of which each trigram sets one. */
  readonly #low: number[] = [];
  readonly #high: number[] = [];
  /** By the number of a phrase: those that are like it, where there are any. */
  readonly #alike: (Map<number, number> | undefined)[] = [];

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  add(phrase: string): void {
    const slot = this.#phrases.take(phrase);
    const sorted = trigramsOf(phrase);
    const set = Int32Array.from(sorted, ({ gram }) => this.#use(gram));
    let [low, high] = [0, 0];
    for (const { hash } of sorted) {
      if ((hash & 32) === 0) low |= 1 << (hash & 31);
      else high |= 1 << (hash & 31);
    }
    this.#sets[slot] = set;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#alike[slot] = undefined;
    for (const other of this.#candidates(set, low, high)) {
      const cosine = this.#cosine(set, other);
      if (cosine >= this.#threshold) this.#link(slot, other, cosine);
    }
    for (const gram of this.#prefixOf(set)) this.#prefixes[gram]!.push(slot);
  }

  remove(phrase: string): void {
    const slot = this.#phrases.release(phrase);
    const set = this.#sets[slot]!;
    for (const gram of this.#prefixOf(set)) {
      const bucket = this.#prefixes[gram]!;
      bucket[bucket.indexOf(slot)] = bucket.at(-1)!;
      bucket.pop();
    }
    for (const gram of set) this.#disuse(gram);
    for (const other of this.#alike[slot]?.keys() ?? []) this.#alike[other]!.delete(slot);
    this.#alike[slot] = undefined;
  }

  /** The phrases that are like a phrase, by code units. */
  of(phrase: string): Likeness[] {
    const alike = this.#alike[this.#phrases.get(phrase)!] ?? [];
    return Array.from(alike, ([other, cosine]) => [this.#phrases.textOf(other)!, cosine] as const).sort(([a], [b]) =>
      byCodeUnits(a, b),
    );
  }

  /** The phrases that share a trigram of their prefixes and may be similar by their sizes and bitmaps. */
  #candidates(set: Int32Array, low: number, high: number): Set<number> {
    const found = new Set<number>();
    for (const gram of this.#prefixOf(set)) {
      for (const other of this.#prefixes[gram]!) {
        const size = this.#sets[other]!.length;
        // Bits that differ are trigrams that are not shared.
        const apart = bits(low ^ this.#low[other]!) + bits(high ^ this.#high[other]!);
        const shared = (set.length + size - apart) / 2;
        if (shared >= this.#threshold * Math.sqrt(set.length * size) - 1e-9) found.add(other);
      }
    }
    return found;
  }

  #cosine(set: Int32Array, other: number): number {
    const others = this.#sets[other]!;
    let shared = 0;
    for (const gram of others) if (set.includes(gram)) shared++;
    return shared / Math.sqrt(set.length * others.length);
  }

  #link(slot: number, other: number, cosine: number): void {
    for (const [from, to] of [
      [slot, other],
      [other, slot],
    ] as const) {
      const alike = this.#alike[from] ?? new Map<number, number>();
      this.#alike[from] = alike.set(to, cosine);
    }
  }

  #prefixOf(set: Int32Array): Int32Array {
    const least = Math.ceil(this.#threshold * this.#threshold * set.length - 1e-9);
    return set.subarray(0, set.length - least + 1);
  }

  #use(gram: string): number {
    const slot = this.#grams.get(gram) ?? this.#grams.take(gram);
    this.#uses[slot] = (this.#uses[slot] ?? 0) + 1;
    this.#prefixes[slot] ??= [];
    return slot;
  }

  #disuse(slot: number): void {
    this.#uses[slot]! -= 1;
    if (this.#uses[slot] === 0) this.#grams.release(this.#grams.textOf(slot)!);
  }
}

/** Distinct trigrams of a phrase with its borders, in an order that spreads common ones: by a hash, then by code units. */
function trigramsOf(phrase: string): { gram: string; hash: number }[] {
  const characters = [..."\u0002", ...phrase, "\u0003"];
  const grams = new Set<string>();
  for (let i = 0; i + 2 < characters.length; i++) grams.add(characters.slice(i, i + 3).join(""));
  return Array.from(grams, (gram) => ({ gram, hash: hashOf(gram) })).sort(
    (a, b) => a.hash - b.hash || byCodeUnits(a.gram, b.gram),
  );
}

/** FNV-1a, 32 bits, with a final mix. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** How many bits of a 32-bit integer are set. */
function bits(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
