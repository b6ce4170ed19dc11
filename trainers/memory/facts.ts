import type { Fact } from "../../harness/contract/suite.js";

/** A fact in the form in which facts are compared: subject, relation, object. */
export type Triple = readonly [subject: string, relation: string, object: string];

/** A fact with the passage that states it. */
export interface StatedFact {
  triple: Triple;
  passage: string;
}

/**
 * A phrase as a node of the graph: NFKC, lower case, runs of anything but letters, marks and digits become one space. Phrases of any
 * script keep their letters; without one the phrase is empty.
 */
export function phraseOf(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}

/** The distinct triples among facts whose three parts have a letter or digit. */
export function triplesOf(facts: readonly Fact[]): Triple[] {
  const found = new Map<string, Triple>();
  for (const fact of facts) {
    const triple = fact.map(phraseOf) as unknown as Triple;
    if (triple.every((part) => part !== "")) found.set(keyOf(triple), triple);
  }
  return [...found.values()];
}

/** Text of a triple that no other has: phrases contain no tab. */
export const keyOf = (triple: Triple): string => triple.join("\t");

/** The triple of a key. */
export const tripleOfKey = (key: string): Triple => key.split("\t") as unknown as Triple;

/** A triple as people read it. */
export const factText = (triple: Triple): string => triple.join(" ");
