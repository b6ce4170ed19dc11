import { head } from "../../../harness/contract/printable.js";
import { Bm25 } from "../bm25.js";
import { type Ask, answerLines } from "../extraction/prompted.js";
import { factText, keyOf, type Triple, tripleOfKey } from "../facts.js";
import { communitiesOf } from "./communities.js";
import type { KnowledgeGraph } from "./knowledge-graph.js";

/** A community of phrases in words. */
export interface Summary {
  /** From 0, the finest. */
  level: number;
  phrases: number;
  text: string;
  /** True where a language model was to write the text and wrote nothing: facts, as without one. */
  unwritten?: boolean;
}

/** Writes what each of several communities is about; its facts, one a line, are in the order of their weight. */
export type Summarize = (facts: readonly string[]) => Promise<string[]>;

/** Facts of a summary. */
const mostFacts = 8;
/** Characters of the facts that a language model summarizes. */
const mostCharacters = 3000;
/** Tokens that it may write. */
const summaryTokens = 120;
/** Phrases of the smallest community that is summarized. */
const fewestPhrases = 3;

/** Summaries that a language model writes. */
export const summarizeWith =
  (ask: Ask): Summarize =>
  async (communities) => {
    const prompts = communities.map(
      (facts) => `Facts:\n${facts}\nSummarize these facts in at most three sentences. Use nothing else.\nSummary:`,
    );
    const answers = await ask(prompts, summaryTokens);
    return answers.map((answer) => answerLines(answer).join(" "));
  };

/**
 * Summaries of the communities of a graph, level by level: the facts between a community's phrases, those first whose phrases have
 * the most facts within it, or what a language model makes of them, when a question first asks for it. What the model is given
 * depends on the facts alone.
 */
export class Summaries {
  /** With the facts that are to be summarized; none where that is done, or where the facts are the summary. */
  readonly #summaries = new Map<string, Summary & { facts?: string }>();
  /** Of all levels together, so that a word counts the same in each. */
  readonly #index = new Bm25({ k1: 0.9, b: 0.75 });

  static async of(graph: KnowledgeGraph, summarize?: Summarize): Promise<Summaries> {
    const made = new Summaries(summarize);
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
        const facts = centralFirst(member.triples).map((triple) => `${factText(triple)}.`);
        const text = facts.slice(0, mostFacts).join(" ");
        const asked = summarize && { facts: head(facts.join("\n"), mostCharacters) };
        made.#summaries.set(id, { level, phrases: member.phrases, text, ...asked });
        await made.#index.add([{ id, text: member.triples.map(factText).join("\n") }]);
      }
    }
    return made;
  }

  private constructor(private readonly summarize: Summarize | undefined) {}

  /**
   * For each question the summary of the community whose facts fit it best by BM25: a narrow question is at home in a small
   * community, since a short text counts more, a wide one in a large community, which has more of its words. None where no word of
   * the question is in any.
   */
  async find(questions: readonly string[]): Promise<(Summary | undefined)[]> {
    const found = (await this.#index.search(questions, 1)).map(({ hits: [hit] }) => hit?.id);
    await this.#write(new Set(found));
    return found.map((id) => {
      if (id === undefined) return undefined;
      const { facts: _, ...summary } = this.#summaries.get(id)!;
      return summary;
    });
  }

  /** The summaries as they are, the finest first. */
  all(): Summary[] {
    return [...this.#summaries.values()];
  }

  async #write(ids: ReadonlySet<string | undefined>): Promise<void> {
    const open = [...this.#summaries].filter(([id, { facts }]) => facts !== undefined && ids.has(id));
    if (this.summarize === undefined || open.length === 0) return;
    const texts = await this.summarize(open.map(([, { facts }]) => facts!));
    for (const [index, [id, { facts: _, ...summary }]] of open.entries()) {
      const text = texts[index]!;
      this.#summaries.set(id, text === "" ? { ...summary, unwritten: true } : { ...summary, text });
    }
  }
}

/** Those first whose phrases have the most facts; of equal weight by code units, as the triples come. */
function centralFirst(triples: readonly Triple[]): Triple[] {
  const counts = new Map<string, number>();
  for (const [subject, , object] of triples) {
    for (const phrase of [subject, object]) counts.set(phrase, (counts.get(phrase) ?? 0) + 1);
  }
  const weight = ([subject, , object]: Triple) => counts.get(subject)! + counts.get(object)!;
  return [...triples].sort((a, b) => weight(b) - weight(a));
}
