import type { Document } from "../../harness/contract/suite.js";
import { loadJson, saveJson } from "../training/state.js";
import type { Extractor } from "./extraction/extractor.js";
import { factText, keyOf, type Triple, tripleOfKey, triplesOf } from "./facts.js";
import { KnowledgeGraph, type NumberedGraph, phrasesOf } from "./graph/knowledge-graph.js";
import { pathsTo } from "./graph/paths.js";
import { personalizedPageRank } from "./graph/personalized-pagerank.js";
import { Summaries, type Summarize, type Summary } from "./graph/summaries.js";
import type { HippoRagOptions } from "./options.js";
import type { Conclusion } from "./reasoning/reasoner.js";
import { RuleBase } from "./reasoning/rule-base.js";
import type { Recognize, Recognized } from "./recognition.js";
import { best, bestOf, type Hit, type Ranker, type Retrieval, type Retriever, type Scores, top } from "./retriever.js";
import type { Slots } from "./slots.js";

/** What HippoRAG is made of. */
export interface HippoRagParts {
  extract: Extractor;
  /** Ranks passages; whatever no fact leads to is found by it. */
  passages: Ranker;
  /** Ranks facts. */
  facts: Ranker;
  recognize: Recognize;
  /** Writes the summaries of communities; where absent, they are facts. */
  summarize?: Summarize | undefined;
}

/** Passages to which a path is shown. */
const explainedPassages = 5;

/** A fact that a question was linked to. */
type LinkedFact = Hit & { triple: Triple };

/**
 * HippoRAG 2 (Gutiérrez et al., 2502.14802): a question is linked to facts; the phrases of those that pass the recognition
 * filter, and weakly every passage, are the seeds of a personalized PageRank over phrases and passages; passages are ranked by
 * their probability. Where no fact remains, passages are ranked by `passages` alone.
 */
export class HippoRag implements Retriever {
  readonly #graph: KnowledgeGraph;
  readonly #rules: RuleBase;
  /** Made again for the first question after a change of the documents or of the model, which may write them. */
  #summaries: Promise<Summaries> | undefined;
  /** By a passage's number among the scores: its place in the graph. Made again after a change. */
  #places: Int32Array | undefined;
  /** Key of a fact → how many passages state it. */
  readonly #statements = new Map<string, number>();

  constructor(
    private readonly parts: HippoRagParts,
    private readonly options: HippoRagOptions,
  ) {
    const { synonyms, passageNodes } = options;
    this.#graph = new KnowledgeGraph({ synonyms, passageNodes });
    this.#rules = new RuleBase(this.#graph, options);
  }

  async add(documents: readonly Document[]): Promise<void> {
    const facts = await this.parts.extract(documents);
    await this.parts.passages.add(documents);
    const keys = this.#count(documents.map(({ id }, index) => [id, triplesOf(facts[index]!)]));
    await this.parts.facts.add(keys.map(factDocument));
  }

  async remove(documents: readonly Document[]): Promise<void> {
    await this.parts.passages.remove(documents);
    const gone: Document[] = [];
    for (const { id } of documents) {
      const keys = this.#graph.triplesOf(id).map(keyOf);
      this.#graph.remove(id);
      for (const key of keys) {
        const left = this.#statements.get(key)! - 1;
        if (left > 0) this.#statements.set(key, left);
        else {
          this.#statements.delete(key);
          gone.push(factDocument(key));
        }
      }
    }
    this.#forget();
    await this.parts.facts.remove(gone);
  }

  /** Facts stay those that were extracted when their documents came. */
  async refresh(documents: readonly Document[]): Promise<void> {
    this.#places = undefined;
    this.#summaries = undefined;
    await this.parts.passages.refresh?.(documents);
    await this.parts.facts.refresh?.([...this.#statements.keys()].map(factDocument));
  }

  async search(queries: readonly string[], count: number): Promise<Retrieval[]> {
    const linked = Array.from(await this.parts.facts.scores(queries), (scores) => this.#linked(scores));
    const conclusions = queries.map((query) => this.#rules.reason(query));
    const judged = await this.#judge(queries, linked, conclusions);
    const summaries = await this.#summariesOf(queries);
    return Array.from(await this.parts.passages.scores(queries), (passageScores, index) => {
      const conclusion = conclusions[index];
      const { kept, unread } = judged[index]!;
      const facts = kept.map((place) => linked[index]![place]!);
      const found = this.#walk(facts, passageScores, count);
      const dropped = linked[index]!.filter((_fact, place) => !kept.includes(place));
      const trail = [
        ...(conclusion?.lines ?? []),
        ...facts.map(({ triple, score }) => `fact (${score.toPrecision(3)}): ${factText(triple)}`),
        ...dropped.map(({ triple }) => `fact not kept: ${factText(triple)}`),
        ...(unread === undefined ? [] : [`filter not understood, facts kept: ${unread}`]),
        ...(summaries[index]?.unwritten ? ["no summary was written: facts in its place"] : []),
      ];
      return {
        hits: found.hits,
        trail: [...trail, ...(found.trail ?? [])],
        ...(summaries[index] && { summary: summaries[index] }),
        ...(conclusion?.answer !== undefined && {
          answer: { phrase: conclusion.answer, passages: conclusion.passages },
        }),
      };
    });
  }

  /** Which of the linked facts are kept; all of them, without asking, where rules have answered the question. */
  async #judge(
    queries: readonly string[],
    linked: readonly LinkedFact[][],
    conclusions: readonly (Conclusion | undefined)[],
  ): Promise<Recognized[]> {
    const open = [...queries.keys()].filter((index) => conclusions[index]?.answer === undefined);
    const factsOf = (index: number) => linked[index]!.map(({ triple }) => factText(triple));
    const answers = await this.parts.recognize(
      open.map((index) => ({ query: queries[index]!, facts: factsOf(index) })),
    );
    const judged = new Map(open.map((index, place) => [index, answers[place]!]));
    return linked.map((facts, index) => judged.get(index) ?? { kept: [...facts.keys()] });
  }

  save(directory: string): void {
    saveJson(directory, "facts", this.#graph.triples());
    this.parts.passages.save(directory);
    this.parts.facts.save(directory);
  }

  async restore(directory: string, documents: readonly Document[]): Promise<void> {
    await this.parts.passages.restore(directory, documents);
    const keys = this.#count(loadJson<[string, Triple[]][]>(directory, "facts"));
    await this.parts.facts.restore(directory, keys.map(factDocument));
  }

  state(): unknown {
    return this.#graph.triples();
  }

  notes(): Record<string, number | string> {
    return this.#rules.notes();
  }

  /** After a change, what was computed of the graph is out of date. */
  #forget(): void {
    this.#rules.forget();
    this.#summaries = undefined;
    this.#places = undefined;
  }

  async #summariesOf(queries: readonly string[]): Promise<(Summary | undefined)[]> {
    if (!this.options.communities) return queries.map(() => undefined);
    this.#summaries ??= Summaries.of(this.#graph, this.parts.summarize);
    return (await this.#summaries).find(queries);
  }

  /** Counts what passages state; returns the keys that no passage stated before. */
  #count(triples: readonly (readonly [string, readonly Triple[]])[]): string[] {
    this.#forget();
    const added: string[] = [];
    for (const [id, own] of triples) {
      this.#graph.add(id, own);
      for (const key of own.map(keyOf)) {
        const before = this.#statements.get(key) ?? 0;
        if (before === 0) added.push(key);
        this.#statements.set(key, before + 1);
      }
    }
    return added;
  }

  /** The best facts for a question, with scores scaled so that all facts' scores are from 0 to 1. */
  #linked(scores: Scores): LinkedFact[] {
    const scaled = scale(scores);
    const found = best(scores, this.options.linkedFacts).filter(({ score }) => scaled(score) > 0);
    return found.map(({ id, score }) => ({ id, score: scaled(score), triple: tripleOfKey(id) }));
  }

  #walk(facts: readonly LinkedFact[], passageScores: Scores, count: number): Retrieval {
    if (facts.length === 0) return { hits: best(passageScores, count), trail: ["no fact: passages alone"] };
    const graph = this.#graph.numbered();
    const seeds = new Float64Array(graph.phrases.length + graph.passages.length);
    const phrases = this.#seedPhrases(facts);
    for (const { id, score } of phrases) seeds[graph.numberOf.get(id)!] = score;
    const scaled = scale(passageScores);
    const { found, values, slots } = passageScores;
    const places = this.#placesOf(graph, slots);
    const passageSeeds = seeds.subarray(graph.phrases.length).fill(scaled(0) * this.options.passageWeight);
    for (let index = 0; index < found.length; index++) {
      passageSeeds[places[found[index]!]!] = scaled(values[index]!) * this.options.passageWeight;
    }
    const hits = top(this.#passageScores(graph, seeds), count, (index) => graph.passages[index]!);
    const starts = phrases.map(({ id }) => id);
    return {
      hits,
      trail: [
        ...phrases.map(({ id, score }) => `seed (${score.toPrecision(3)}): ${id}`),
        ...pathsTo(
          graph,
          starts,
          hits.slice(0, explainedPassages).map(({ id }) => id),
        ),
      ],
    };
  }

  #placesOf({ passages }: NumberedGraph, slots: Slots): Int32Array {
    if (this.#places === undefined) {
      this.#places = new Int32Array(slots.end);
      for (const [place, passage] of passages.entries()) this.#places[slots.get(passage)!] = place;
    }
    return this.#places;
  }

  /** Mean over the facts of score / number of passages with the phrase, the best phrases only. */
  #seedPhrases(facts: readonly LinkedFact[]): Hit[] {
    const sums = new Map<string, { sum: number; count: number }>();
    for (const { triple, score } of facts) {
      for (const phrase of [triple[0], triple[2]]) {
        const entry = sums.get(phrase) ?? { sum: 0, count: 0 };
        sums.set(phrase, { sum: entry.sum + score / this.#graph.passagesWith(phrase), count: entry.count + 1 });
      }
    }
    return bestOf(
      Array.from(sums, ([phrase, { sum, count }]) => [phrase, sum / count] as const),
      this.options.seedPhrases,
    );
  }

  #passageScores({ walk, phrases, passages, numberOf }: NumberedGraph, seeds: Float64Array): Float64Array {
    const { damping, pageRank, passageNodes } = this.options;
    const ranks = pageRank ? personalizedPageRank(walk, seeds, { damping }) : seeds;
    const own = ranks.subarray(phrases.length);
    if (pageRank && passageNodes) return own;
    // Without a walk that reaches passages, one counts as much as its phrases.
    return own.map((value, index) => {
      const mentioned = phrasesOf(this.#graph.triplesOf(passages[index]!));
      return mentioned.reduce((sum, phrase) => sum + ranks[numberOf.get(phrase)!]!, value);
    });
  }
}

/** A fact as what rankers rank: its key is its id. */
const factDocument = (key: string): Document => ({ id: key, text: factText(tripleOfKey(key)) });

/** Scales scores so that the least is 0 and the greatest 1; all of them to 1 where they are equal. What has no score has 0. */
function scale({ slots, values }: Scores): (score: number) => number {
  const [least, greatest] = rangeOf(values, values.length < slots.size);
  return (score) => (greatest > least ? (score - least) / (greatest - least) : 1);
}

/** The least and the greatest of all values, and of 0 where the least may be that. */
function rangeOf(values: Float64Array, orZero: boolean): [least: number, greatest: number] {
  let [least, greatest] = [orZero ? 0 : Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}
