import type { Document } from "../../harness/contract/suite.js";
import { byCodeUnits, contentOf } from "./documents.js";
import { Postings } from "./postings.js";
import { best, type Ranker, type Retrieval, type Scores } from "./retriever.js";
import { Slots } from "./slots.js";
import { termsOf } from "./terms.js";

/** Parameters of the formula. */
export interface Bm25Options {
  /** Saturation of a term's count. */
  k1: number;
  /** How much a document's length counts, 0 to 1. */
  b: number;
}

/**
 * BM25 (Robertson & Zaragoza 2009, eq. 3.15) with the inverse document frequency of Lucene, ln(1 + (N − n + ½)/(n + ½)),
 * which is never negative. All that is stored are counts, which adding and removing change exactly.
 */
export class Bm25 implements Ranker {
  readonly #options: Bm25Options;
  readonly #rarity: 1 | 2;
  readonly #documents = new Slots();
  /** By the number of a document. */
  readonly #lengths: number[] = [];
  readonly #postings = new Map<string, Postings>();
  #totalLength = 0;
  /** By the number of a document; NaN but while a query is answered: a query costs what its terms' documents cost, not all. */
  #sums = new Float64Array();
  /** By the number of a document: k1 times its length as the formula has it. Made again after a change. */
  #lengthParts: Float64Array | undefined;
  /** As long as the sums: the numbers of those that the last query has found, and their scores. */
  #found = new Int32Array();
  #values = new Float64Array();

  /**
   * @param rarity power of the inverse document frequency: 1 in BM25; 2 as in the cosine of two TF-IDF vectors, where it is
   *   a factor of both sides, so that a name outweighs the words of a relation.
   */
  constructor(options: Bm25Options, rarity: 1 | 2 = 1) {
    this.#options = options;
    this.#rarity = rarity;
  }

  async add(documents: readonly Document[]): Promise<void> {
    this.#lengthParts = undefined;
    for (const document of documents) {
      const slot = this.#documents.take(document.id);
      const terms = termsOf(contentOf(document));
      this.#lengths[slot] = terms.length;
      this.#totalLength += terms.length;
      for (const [term, count] of counted(terms)) {
        let postings = this.#postings.get(term);
        if (postings === undefined) {
          postings = new Postings();
          this.#postings.set(term, postings);
        }
        postings.add(slot, count);
      }
    }
  }

  async remove(documents: readonly Document[]): Promise<void> {
    this.#lengthParts = undefined;
    for (const document of documents) {
      const slot = this.#documents.release(document.id);
      this.#totalLength -= this.#lengths[slot]!;
      for (const term of new Set(termsOf(contentOf(document)))) {
        const postings = this.#postings.get(term)!;
        postings.remove(slot);
        if (postings.size === 0) this.#postings.delete(term);
      }
    }
  }

  async search(queries: readonly string[], count: number): Promise<Retrieval[]> {
    return Array.from(await this.scores(queries), (scores) => ({ hits: best(scores, count) }));
  }

  async scores(queries: readonly string[]): Promise<Iterable<Scores>> {
    return this.#scoresOfEach(queries);
  }

  save(): void {}

  async restore(_directory: string, documents: readonly Document[]): Promise<void> {
    await this.add(documents);
  }

  /** Everything it knows, in an order of its own: equal for equal documents. */
  counts(): unknown {
    const [documents, all] = [this.#documents, byCodeUnits];
    const found = ([term, postings]: [string, Postings]) => {
      const pairs = Array.from({ length: postings.size }, (_, index) => [
        documents.textOf(postings.slotAt(index))!,
        postings.countAt(index),
      ]);
      return [term, pairs.sort(([a], [b]) => all(a as string, b as string))] as const;
    };
    return {
      postings: [...this.#postings].map(found).sort(([a], [b]) => all(a, b)),
      lengths: [...documents.texts()].sort(all).map((id) => [id, this.#lengths[documents.get(id)!]]),
      totalLength: this.#totalLength,
    };
  }

  *#scoresOfEach(queries: readonly string[]): Generator<Scores> {
    for (const query of queries) yield this.#scores(query);
  }

  #partsOfLengths(): Float64Array {
    const { k1, b } = this.#options;
    const meanLength = this.#totalLength / this.#documents.size;
    return new Float64Array(this.#lengths).map((length) => k1 * (1 - b + (b * length) / meanLength));
  }

  #scores(query: string): Scores {
    const { k1 } = this.#options;
    const size = this.#documents.size;
    this.#lengthParts ??= this.#partsOfLengths();
    const lengthParts = this.#lengthParts;
    if (this.#sums.length < this.#documents.end) {
      this.#sums = new Float64Array(2 * this.#documents.end).fill(Number.NaN);
      this.#found = new Int32Array(this.#sums.length);
      this.#values = new Float64Array(this.#sums.length);
    }
    const sums = this.#sums;
    let many = 0;
    // Sums are made in the order of the terms, so that they do not depend on the order of the query's words.
    for (const [term, repeats] of [...counted(termsOf(query))].sort(([x], [y]) => byCodeUnits(x, y))) {
      const postings = this.#postings.get(term);
      if (postings === undefined) continue;
      const weight = repeats * Math.log(1 + (size - postings.size + 0.5) / (postings.size + 0.5)) ** this.#rarity;
      const { pairs, size: documents } = postings;
      for (let at = 0; at < 2 * documents; at += 2) {
        const [slot, count] = [pairs[at]!, pairs[at + 1]!];
        const part = (weight * count * (k1 + 1)) / (count + lengthParts[slot]!);
        const before = sums[slot]!;
        if (Number.isNaN(before)) {
          this.#found[many++] = slot;
          sums[slot] = part;
        } else {
          sums[slot] = before + part;
        }
      }
    }
    const [found, values] = [this.#found.subarray(0, many), this.#values.subarray(0, many)];
    for (let index = 0; index < many; index++) {
      values[index] = sums[found[index]!]!;
      sums[found[index]!] = Number.NaN;
    }
    return { slots: this.#documents, found, values };
  }
}

function counted(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
