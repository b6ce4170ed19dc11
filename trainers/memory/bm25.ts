import type { Document } from "../../harness/contract/suite.js";
import { byCodeUnits, contentOf } from "./documents.js";
import { best, type Ranker, type Retrieval } from "./retriever.js";
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
  /** term → document → how often. */
  readonly #postings = new Map<string, Map<string, number>>();
  readonly #lengths = new Map<string, number>();
  #totalLength = 0;

  /**
   * @param rarity power of the inverse document frequency: 1 in BM25; 2 as in the cosine of two TF-IDF vectors, where it is
   *   a factor of both sides, so that a name outweighs the words of a relation.
   */
  constructor(
    private readonly options: Bm25Options,
    private readonly rarity: 1 | 2 = 1,
  ) {}

  async add(documents: readonly Document[]): Promise<void> {
    for (const document of documents) {
      const terms = termsOf(contentOf(document));
      this.#lengths.set(document.id, terms.length);
      this.#totalLength += terms.length;
      for (const [term, count] of counted(terms)) {
        const postings = this.#postings.get(term) ?? new Map<string, number>();
        this.#postings.set(term, postings.set(document.id, count));
      }
    }
  }

  async remove(documents: readonly Document[]): Promise<void> {
    for (const document of documents) {
      this.#totalLength -= this.#lengths.get(document.id)!;
      this.#lengths.delete(document.id);
      for (const term of new Set(termsOf(contentOf(document)))) {
        const postings = this.#postings.get(term)!;
        postings.delete(document.id);
        if (postings.size === 0) this.#postings.delete(term);
      }
    }
  }

  async search(queries: readonly string[], count: number): Promise<Retrieval[]> {
    return (await this.scores(queries)).map((scores) => ({ hits: best(scores, count) }));
  }

  async scores(queries: readonly string[]): Promise<Map<string, number>[]> {
    return queries.map((query) => this.#scores(query));
  }

  save(): void {}

  async restore(_directory: string, documents: readonly Document[]): Promise<void> {
    await this.add(documents);
  }

  /** Everything it knows, in an order of its own: equal for equal documents. */
  counts(): unknown {
    const sorted = <V>(map: ReadonlyMap<string, V>) => [...map].sort(([a], [b]) => byCodeUnits(a, b));
    return {
      postings: sorted(this.#postings).map(([term, postings]) => [term, sorted(postings)]),
      lengths: sorted(this.#lengths),
      totalLength: this.#totalLength,
    };
  }

  #scores(query: string): Map<string, number> {
    const { k1, b } = this.options;
    const size = this.#lengths.size;
    const meanLength = this.#totalLength / size;
    const scores = new Map<string, number>();
    // Sums are made in the order of the terms, so that they do not depend on the order of the query's words.
    for (const [term, repeats] of [...counted(termsOf(query))].sort(([x], [y]) => byCodeUnits(x, y))) {
      const postings = this.#postings.get(term);
      if (postings === undefined) continue;
      const weight = repeats * Math.log(1 + (size - postings.size + 0.5) / (postings.size + 0.5)) ** this.rarity;
      for (const [id, count] of postings) {
        const length = 1 - b + (b * this.#lengths.get(id)!) / meanLength;
        scores.set(id, (scores.get(id) ?? 0) + (weight * count * (k1 + 1)) / (count + k1 * length));
      }
    }
    return scores;
  }
}

function counted(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
