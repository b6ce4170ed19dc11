import { byCodeUnits } from "../documents.js";
import { keyOf, type StatedFact, type Triple } from "../facts.js";
import { type Walk, walkOn } from "./personalized-pagerank.js";
import { SimilarPhrases } from "./similar-phrases.js";
import { sparseGraph } from "./sparse-graph.js";

/** Which edges and nodes the graph has; an ablation leaves some out. */
export interface GraphOptions {
  /** Least cosine of the trigrams of two phrases that are taken for one; null for no such edges. */
  synonyms: number | null;
  /** Whether passages are nodes, linked to their phrases. */
  passageNodes: boolean;
}

/** The graph of what is remembered, by numbers: phrases first, then passages, each by code units. */
export interface NumberedGraph {
  walk: Walk;
  phrases: string[];
  passages: string[];
  numberOf: ReadonlyMap<string, number>;
}

/**
 * Phrases and passages and what links them (HippoRAG 2, 2502.14802): a relation edge of weight 1 for each triple of each passage, a
 * context edge of weight 1 between a passage and each of its phrases, a synonym edge of the cosine of two phrases. The triples of
 * each passage are all that it depends on.
 */
export class KnowledgeGraph {
  readonly #triples = new Map<string, readonly Triple[]>();
  /** Phrase → the passages that contain it. */
  readonly #passagesOf = new Map<string, Set<string>>();
  readonly #similar: SimilarPhrases | undefined;
  #numbered: NumberedGraph | undefined;

  constructor(private readonly options: GraphOptions) {
    this.#similar = options.synonyms === null ? undefined : new SimilarPhrases(options.synonyms);
  }

  add(passage: string, triples: readonly Triple[]): void {
    this.#triples.set(passage, triples);
    for (const phrase of phrasesOf(triples)) {
      const passages = this.#passagesOf.get(phrase);
      if (passages !== undefined) passages.add(passage);
      else {
        this.#passagesOf.set(phrase, new Set([passage]));
        this.#similar?.add(phrase);
      }
    }
    this.#numbered = undefined;
  }

  remove(passage: string): void {
    for (const phrase of phrasesOf(this.triplesOf(passage))) {
      const passages = this.#passagesOf.get(phrase)!;
      passages.delete(passage);
      if (passages.size > 0) continue;
      this.#passagesOf.delete(phrase);
      this.#similar?.remove(phrase);
    }
    this.#triples.delete(passage);
    this.#numbered = undefined;
  }

  /** In how many passages a phrase is. */
  passagesWith(phrase: string): number {
    return this.#passagesOf.get(phrase)?.size ?? 0;
  }

  /** The triples with a phrase as their subject or object, by passages. */
  about(phrase: string): StatedFact[] {
    return [...(this.#passagesOf.get(phrase) ?? [])].sort(byCodeUnits).flatMap((passage) =>
      this.triplesOf(passage)
        .filter(([subject, , object]) => subject === phrase || object === phrase)
        .map((triple) => ({ triple, passage })),
    );
  }

  /** The triples of a passage that is there. */
  triplesOf(passage: string): readonly Triple[] {
    return this.#triples.get(passage)!;
  }

  /** The triples of every passage, by code units of the passages. */
  triples(): [string, readonly Triple[]][] {
    return [...this.#triples].sort(([a], [b]) => byCodeUnits(a, b));
  }

  /** Made again after a change, in time linear in the edges. */
  numbered(): NumberedGraph {
    this.#numbered ??= this.#number();
    return this.#numbered;
  }

  #number(): NumberedGraph {
    const phrases = [...this.#passagesOf.keys()].sort(byCodeUnits);
    const triples = this.triples();
    const passages = triples.map(([passage]) => passage);
    const numberOf = new Map(phrases.map((phrase, index) => [phrase, index]));
    const [from, to, weights]: [number[], number[], number[]] = [[], [], []];
    const link = (a: number, b: number, weight: number) => {
      from.push(a);
      to.push(b);
      weights.push(weight);
    };
    triples.forEach(([, own], index) => {
      // In the order of the keys: weights are summed in a fixed order.
      for (const [subject, , object] of [...own].sort((a, b) => byCodeUnits(keyOf(a), keyOf(b)))) {
        link(numberOf.get(subject)!, numberOf.get(object)!, 1);
      }
      if (!this.options.passageNodes) return;
      for (const phrase of phrasesOf(own)) link(phrases.length + index, numberOf.get(phrase)!, 1);
    });
    for (const phrase of phrases) {
      for (const [other, cosine] of this.#similar?.of(phrase) ?? []) {
        if (phrase < other) link(numberOf.get(phrase)!, numberOf.get(other)!, cosine);
      }
    }
    const edges = { from: Int32Array.from(from), to: Int32Array.from(to), weights: Float64Array.from(weights) };
    const graph = sparseGraph(phrases.length + passages.length, edges);
    return { walk: walkOn(graph, passages.length), phrases, passages, numberOf };
  }
}

/** The distinct subjects and objects, by code units. */
export function phrasesOf(triples: readonly Triple[]): string[] {
  return [...new Set(triples.flatMap(([subject, , object]) => [subject, object]))].sort(byCodeUnits);
}
