/** A phrase that is like another, with the cosine of the two. */
export type Likeness = readonly [phrase: string, cosine: number];

/**
 * Pairs of phrases whose sets of character trigrams have a cosine |A∩B| / √(|A|·|B|) of at least a threshold. All of them are
 * found, by prefix filtering (Bayardo, Ma & Srikant 2007): two such sets share one of the first |A| − ⌈t²·|A|⌉ + 1 trigrams
 * of either in a fixed order, so that a new phrase is compared with few others. Whether two phrases are alike depends on
 * them alone: the pairs do not depend on the order in which phrases come and go.
 */
export class SimilarPhrases {
  readonly #grams = new Map<string, readonly string[]>();
  /** Trigram in a phrase's prefix → the phrases. */
  readonly #prefixes = new Map<string, Set<string>>();
  readonly #alike = new Map<string, Map<string, number>>();

  constructor(private readonly threshold: number) {}

  add(phrase: string): void {
    const grams = trigramsOf(phrase);
    this.#grams.set(phrase, grams);
    const own = new Map<string, number>();
    for (const gram of this.#prefixOf(grams)) {
      const bucket = this.#prefixes.get(gram) ?? new Set();
      for (const other of bucket) {
        if (own.has(other)) continue;
        const cosine = cosineOf(grams, this.#grams.get(other)!);
        if (cosine >= this.threshold) own.set(other, cosine);
      }
      this.#prefixes.set(gram, bucket.add(phrase));
    }
    for (const [other, cosine] of own) this.#alike.get(other)!.set(phrase, cosine);
    this.#alike.set(phrase, own);
  }

  remove(phrase: string): void {
    for (const gram of this.#prefixOf(this.#grams.get(phrase)!)) {
      const bucket = this.#prefixes.get(gram)!;
      bucket.delete(phrase);
      if (bucket.size === 0) this.#prefixes.delete(gram);
    }
    for (const other of this.#alike.get(phrase)!.keys()) this.#alike.get(other)!.delete(phrase);
    this.#alike.delete(phrase);
    this.#grams.delete(phrase);
  }

  /** The phrases that are like a phrase, by code units. */
  of(phrase: string): Likeness[] {
    return [...this.#alike.get(phrase)!].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #prefixOf(grams: readonly string[]): readonly string[] {
    const least = Math.ceil(this.threshold * this.threshold * grams.length - 1e-9);
    return grams.slice(0, grams.length - least + 1);
  }
}

/** Distinct trigrams of a phrase with its borders, in an order that spreads common ones: by a hash, then by code units. */
function trigramsOf(phrase: string): string[] {
  const characters = [..."\u0002", ...phrase, "\u0003"];
  const grams = new Set<string>();
  for (let i = 0; i + 2 < characters.length; i++) grams.add(characters.slice(i, i + 3).join(""));
  return [...grams]
    .map((gram) => [hashOf(gram), gram] as const)
    .sort(inOrder)
    .map(([, gram]) => gram);
}

const inOrder = ([a, x]: readonly [number, string], [b, y]: readonly [number, string]): number =>
  a - b || (x < y ? -1 : x > y ? 1 : 0);

/** FNV-1a, 32 bits, with a final mix. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Both lists in the same fixed order. */
function cosineOf(a: readonly string[], b: readonly string[]): number {
  const smaller = new Set(a.length < b.length ? a : b);
  let shared = 0;
  for (const gram of a.length < b.length ? b : a) if (smaller.has(gram)) shared++;
  return shared / Math.sqrt(a.length * b.length);
}
