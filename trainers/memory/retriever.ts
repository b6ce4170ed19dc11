import type { Document } from "../../harness/contract/suite.js";
import { byCodeUnits } from "./documents.js";

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
  /** What determines its answers besides documents and options, such as what a server extracted; absent where nothing does. */
  state?(): unknown;
}

/** A retriever that scores every document by itself. What it leaves out has the score 0. */
export interface Ranker extends Retriever {
  scores(queries: readonly string[]): Promise<Map<string, number>[]>;
}

/** The best of the scored documents: by score, then by id. */
export function best(scores: Iterable<readonly [string, number]>, count: number): Hit[] {
  const hits = Array.from(scores, ([id, score]) => ({ id, score }));
  return hits.sort((a, b) => b.score - a.score || byCodeUnits(a.id, b.id)).slice(0, count);
}
