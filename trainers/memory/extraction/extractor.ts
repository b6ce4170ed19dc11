import { BenchError } from "../../../harness/contract/errors.js";
import type { Document, Fact } from "../../../harness/contract/suite.js";

/** Open information extraction: the facts that each document states, each from its document alone. */
export type Extractor = (documents: readonly Document[]) => Promise<Fact[][]>;

/** The facts that documents come with. Throws DATA_INVALID for a document that has no list of them. */
export const givenFacts: Extractor = async (documents) =>
  documents.map(({ id, facts }) => {
    if (facts !== undefined) return facts;
    throw new BenchError("DATA_INVALID", `the document ${JSON.stringify(id)} comes without facts`, {
      fix: "Choose another `extraction`, such as rules, or give every document its facts.",
    });
  });
