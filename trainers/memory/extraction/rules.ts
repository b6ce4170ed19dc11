import type { Document, Fact } from "../../../harness/contract/suite.js";
import type { Extractor } from "./extractor.js";
import { unspacedFacts } from "./unspaced.js";

/** A word of a sentence as compromise describes it. */
interface Term {
  text: string;
  pre: string;
  post: string;
  tags: string[];
  chunk?: string;
}

/** A run of words: who or what (N), or how it is related (R). */
interface Piece {
  kind: "N" | "R";
  words: string[];
  verb: boolean;
  pronoun: boolean;
}

type Parse = (text: string) => { json(options: object): { terms: Term[] }[] };

let parser: Promise<Parse> | undefined;

/**
 * Facts by the rules of grammar, without a model: compromise cuts English sentences into noun and verb phrases; a subject,
 * a verb with its preposition and the noun phrase behind it are a fact. Sentences in scripts without spaces are cut at words
 * of relation (see `unspacedFacts`). Pronouns stand for the document's title, or else for the subject before.
 */
export const factsByRules: Extractor = async (documents) => {
  parser ??= import("compromise").then((module) => module.default as unknown as Parse);
  const parse = await parser;
  return documents.map((document) => factsOf(document, parse));
};

function factsOf({ title, text }: Document, parse: Parse): Fact[] {
  let known = title;
  const facts: Fact[] = unspacedFacts(text);
  for (const { terms } of parse(text).json({ terms: { tags: true, chunks: true } })) {
    const found = sentenceFacts(piecesOf(terms), known);
    facts.push(...found.facts);
    known = title ?? found.subject ?? known;
  }
  return facts;
}

function piecesOf(terms: readonly Term[]): Piece[] {
  const pieces: Piece[] = [];
  let open = false;
  for (const { text, post, tags, chunk } of terms) {
    const has = (tag: string) => tags.includes(tag);
    if (has("Conjunction") || (has("Adverb") && !has("Noun")) || text === "") {
      open = false;
      continue;
    }
    const verb = chunk === "Verb" || (has("Verb") && !has("Noun"));
    const kind = verb || chunk === "Pivot" || (has("Preposition") && text.toLowerCase() !== "of") ? "R" : "N";
    const last = pieces.at(-1);
    const word = text.replace(/['’]s$/u, "");
    // A verb and its preposition are one relation; so are "was" and "directed".
    if (last?.kind === kind && (open || kind === "R") && !(kind === "R" && verb && !last.verb)) {
      last.words.push(word);
      last.verb ||= verb;
    } else pieces.push({ kind, words: [word], verb, pronoun: has("Pronoun") });
    open = !/[,;:(]/.test(post);
    if (/['’]s$/u.test(text) && kind === "N") open = false;
  }
  return pieces;
}

function sentenceFacts(pieces: readonly Piece[], known: string | undefined): { facts: Fact[]; subject?: string } {
  const facts: Fact[] = [];
  let subject: string | undefined;
  let verb: string | undefined;
  let relation: string | undefined;
  for (const piece of pieces) {
    const phrase = piece.words.join(" ");
    if (piece.kind === "R") {
      if (piece.verb) verb = phrase.replace(/ (?:in|at|by|to|on|for|from|with|as)$/u, "");
      relation = piece.verb || verb === undefined ? phrase : `${verb} ${phrase}`;
    } else if (subject === undefined || relation === undefined) {
      // "Ann's birthplace is …": the birthplace is a relation of Ann. "Ann, a writer, …": Ann is a writer.
      const noun = bare(phrase);
      const apposition = subject !== undefined && noun !== phrase;
      if (apposition) facts.push([subject!, "is", noun]);
      else if (subject !== undefined) verb = noun;
      else subject = piece.pronoun ? known : noun;
      if (subject === undefined) return { facts };
    } else {
      facts.push(
        factAbout(
          subject,
          verb !== undefined && !relation.startsWith(verb) ? `${verb} ${relation}` : relation,
          bare(phrase),
        ),
      );
      relation = undefined;
    }
  }
  return { facts, ...(subject !== undefined && { subject }) };
}

/** "is" + "boss of Tom" is "is boss of" + "Tom". */
function factAbout(subject: string, relation: string, object: string): Fact {
  const [, head, of] = /^(.+?) of (.+)$/su.exec(object) ?? [];
  return head === undefined ? [subject, relation, object] : [subject, `${relation} ${head} of`, bare(of!)];
}

/** Without an article at the beginning. */
const bare = (phrase: string): string => phrase.replace(/^(?:the|an?)\s+/iu, "");
