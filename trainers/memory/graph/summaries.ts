import { Bm25 } from "../bm25.js";
import { factText, keyOf, type Triple, tripleOfKey } from "../facts.js";
import { communitiesOf } from "./communities.js";
import type { KnowledgeGraph } from "./knowledge-graph.js";

/** A community of phrases in words. */
export interface Summary {
  /** From 0, the finest. */
  level: number;
  phrases: number;
  text: string;
}

/** Facts of a summary. */
const mostFacts = 8;
/** Phrases of the smallest community that is summarized. */
const fewestPhrases = 3;

/**
 * Summaries of the communities of a graph, level by level: the facts between a community's phrases, those first whose phrases have
 * the most facts within it. What they contain depends on the facts alone.
 */
export class Summaries {
  readonly #summaries = new Map<string, Summary>();
  /** Of all levels together, so that a word counts the same in each. */
  readonly #index = new Bm25({ k1: 0.9, b: 0.75 });

  static async of(graph: KnowledgeGraph): Promise<Summaries> {
    const made = new Summaries();
    const { walk, phrases, numberOf } = graph.numbered();
    const triples = [...new Set(graph.triples().flatMap(([, own]) => own.map(keyOf)))].sort().map(tripleOfKey);
    for (const [level, communities] of (await communitiesOf(walk.graph, phrases.length)).entries()) {
      const members = new Map<number, { phrases: number; triples: Triple[] }>();
      const communityOf = (phrase: string) => communities[numberOf.get(phrase)!]!;
      for (const phrase of phrases) {
        const member = members.get(communityOf(phrase)) ?? { phrases: 0, triples: [] };
        member.phrases++;
        members.set(communityOf(phrase), member);
      }
      for (const triple of triples) {
        const community = communityOf(triple[0]);
        if (community === communityOf(triple[2])) members.get(community)!.triples.push(triple);
      }
      for (const [community, member] of members) {
        if (member.phrases < fewestPhrases || member.triples.length === 0) continue;
        // Padded, since equal scores go by the id: the finer level first.
        const id = `${`${level}`.padStart(3, "0")} ${community}`;
        made.#summaries.set(id, { level, phrases: member.phrases, text: textOf(member.triples) });
        await made.#index.add([{ id, text: member.triples.map(factText).join("\n") }]);
      }
    }
    return made;
  }

  /**
   * The summary of the community whose facts fit a question best by BM25: a narrow question is at home in a small community, since a
   * short text counts more, a wide one in a large community, which has more of its words. None where no word of the question is
   * in any.
   */
  async find(question: string): Promise<Summary | undefined> {
    const [hit] = (await this.#index.search([question], 1))[0]!.hits;
    return hit && this.#summaries.get(hit.id);
  }

  /** The summaries, the finest first. */
  all(): Summary[] {
    return [...this.#summaries.values()];
  }
}

function textOf(triples: readonly Triple[]): string {
  const counts = new Map<string, number>();
  for (const [subject, , object] of triples) {
    for (const phrase of [subject, object]) counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
  }
  const weight = ([subject, , object]: Triple) => counts.get(subject)! + counts.get(object)!;
  // Of equal weight, by code units: the triples come in that order, and sorting keeps it.
  const central = [...triples].sort((a, b) => weight(b) - weight(a)).slice(0, mostFacts);
  return central.map((triple) => `${factText(triple)}.`).join(" ");
}
