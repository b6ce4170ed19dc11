import Type from "typebox";
import type { OptionsOf } from "../../harness/contract/options.js";
import { embedderOption } from "../training/embeddings/open-embedder.js";
import { promptOptions } from "../training/options.js";

/** Options of every trainer with a memory. */
export const memoryOptions = {
  passages: Type.Integer({
    minimum: 1,
    maximum: 200,
    default: 5,
    description: "Documents that a question is read with, the best first, as far as they fit into the context.",
  }),
  capacity: Type.Integer({
    minimum: 1,
    default: 100_000,
    description: "Most documents kept. More than that end the run with PRIVILEGE_EXCEEDED.",
  }),
  ...promptOptions,
};

/** The same, checked. */
export type MemoryOptions = OptionsOf<typeof memoryOptions>;

/** Options of the word statistics. */
export const bm25Options = {
  k1: Type.Number({ minimum: 0, default: 0.9, description: "BM25: saturation of a term's count." }),
  b: Type.Number({ minimum: 0, maximum: 1, default: 0.4, description: "BM25: how much a document's length counts." }),
};

/** Options of embeddings. */
export const denseOptions = { embedder: embedderOption };
