import type { Document } from "../../harness/contract/suite.js";
import { byCodeUnits } from "./documents.js";
import type { Slots } from "./slots.js";

/** A document that was found. */
export interface Hit {
  id: string;
  score: number;
}

/** What was found for one question. */
export interface Retrieval {
  /** The best first. */
  hits: Hit[];
  /** How they were found, in lines for people, such as facts and paths; absent where the hits say all. */
  trail?: string[];
  /** A summary of the part of the knowledge that the question is about, and where it is from. */
  summary?: { level: number; phrases: number; text: string };
  /** What follows from rules, as a phrase of the facts, and the documents with the facts that it follows from. */
  answer?: { phrase: string; passages: string[] };
}

/**
 * Finds documents. Its state depends on the documents alone: adding and removing one by one, in any order, gives the same
 * bits as adding what is left at once.
 */
export interface Retriever {
  /** Documents whose ids are not there. */
  add(documents: readonly Document[]): Promise<void>;
  /** Documents that are there, with the content that they were added with. */
  remove(documents: readonly Document[]): Promise<void>;
  /** The documents that fit each query best, at most `count` of each. */
  search(queries: readonly string[], count: number): Promise<Retrieval[]>;
  /** Computes again, of all documents that are there, what depends on the weights of a model that was trained. */
  refresh?(documents: readonly Document[]): Promise<void>;
  /** What was computed of the documents and takes long to compute again; from this and the documents it is restored. */
  save(directory: string): void;
  /** After `save` by a retriever of the same options and documents. */
  restore(directory: string, documents: readonly Document[]): Promise<void>;
  /** What is to be said of its state in the report of a task. */
  notes?(): Record<string, number | string>;
  /** What determines its answers besides documents and options, such as what a server extracted; absent where nothing does. */
  state?(): unknown;
}

/** The scores of documents for one query. */
export interface Scores {
  /** The numbers of the documents' ids. */
  slots: Slots;
  /** The numbers of those that have a score, in no order that means anything; what has none counts as 0. */
  found: Int32Array;
  /** Their scores. */
  values: Float64Array;
}

/** A retriever that scores each document by itself. */
export interface Ranker extends Retriever {
  /** For each query in turn. All queries' scores may be written into the same place: they mean something until the next are asked for. */
  scores(queries: readonly string[]): Promise<Iterable<Scores>>;
}

/** The best of what has a score: by score, then by id. */
export function best({ slots, found, values }: Scores, count: number): Hit[] {
  return top(values, count, (index) => slots.textOf(found[index]!)!);
}

/** The best of ids with their scores: by score, then by id. */
export function bestOf(scored: Iterable<readonly [id: string, score: number]>, count: number): Hit[] {
  const pairs = [...scored];
  const scores = Float64Array.from(pairs, ([, score]) => score);
  return top(scores, count, (index) => pairs[index]![0]);
}

/** The best of so many: by score, then by id. */
export function top(scores: Float64Array, count: number, idAt: (index: number) => string): Hit[] {
  const hits: Hit[] = [];
  const before = (a: Hit, b: Hit) => a.score > b.score || (a.score === b.score && byCodeUnits(a.id, b.id) < 0);
  let least = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!;
    if (score < least) continue;
    const hit = { id: idAt(index), score };
    if (hits.length === count) {
      if (!before(hit, hits.at(-1)!)) continue;
      hits.pop();
    }
    let place = hits.length;
    while (place > 0 && before(hit, hits[place - 1]!)) place--;
    hits.splice(place, 0, hit);
    if (hits.length === count) least = hits.at(-1)!.score;
  }
  return hits;
}
