import { nullable, type OptionsOf } from "../../harness/contract/options.js";
import { Type } from "../../harness/contract/type.js";
import { embedderOption } from "../training/embeddings/open-embedder.js";
import { learnedRulesOption } from "./reasoning/learn-rules.js";
import { rulesOption } from "./reasoning/rules.js";

/** Options of every memory. */
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
};

/** The same, checked. */
export type MemoryOptions = OptionsOf<typeof memoryOptions>;

/** Options of the word statistics. */
export const bm25Options = {
  k1: Type.Number({ minimum: 0, default: 0.9, description: "BM25: saturation of a term's count." }),
  b: Type.Number({ minimum: 0, maximum: 1, default: 0.4, description: "BM25: how much a document's length counts." }),
};

/** Options of HippoRAG 2; defaults of the paper where they do not depend on a large model. */
export const hippoRagOptions = {
  extraction: Type.Enum(["rules", "given", "model", "endpoint"], {
    default: "rules",
    description:
      "Who extracts facts from documents: rules of grammar, the suite that gives documents with their facts, the model itself, or a model behind `endpoint`.",
  }),
  linking: Type.Enum(["words", "embeddings"], {
    default: "words",
    description: "How questions are compared with facts and passages: by BM25, or by the embeddings of `embedder`.",
  }),
  filter: Type.Enum(["none", "model", "endpoint"], {
    default: "none",
    description: "Who decides which of the linked facts help: nobody, the model itself, or a model behind `endpoint`.",
  }),
  endpoint: nullable(
    Type.String({
      default: null,
      description:
        "Address of an OpenAI-compatible server, such as http://localhost:8000/v1#qwen, for extraction, filter or summaries.",
    }),
  ),
  linkedFacts: Type.Integer({ minimum: 1, default: 5, description: "Facts that a question is linked to." }),
  seedPhrases: Type.Integer({ minimum: 1, default: 5, description: "Phrases of these facts that are seeds." }),
  passageWeight: Type.Number({ minimum: 0, default: 0.05, description: "Weight of passages as seeds." }),
  damping: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.5,
    description: "PageRank: probability of following an edge.",
  }),
  synonyms: nullable(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.8,
      description: "Least cosine of the character trigrams of two phrases that are linked as synonyms; null for none.",
    }),
  ),
  passageNodes: Type.Boolean({ default: true, description: "Whether passages are nodes of the graph (ablation)." }),
  rules: rulesOption,
  learnRules: learnedRulesOption,
  communities: Type.Boolean({
    default: false,
    description:
      "Whether a question is also read with a summary of the community of the graph that fits it, of the level that fits.",
  }),
  summaries: Type.Enum(["facts", "model", "endpoint"], {
    default: "facts",
    description:
      "What summaries of communities are: their most connected facts, or what the model itself or a model behind `endpoint` writes of them.",
  }),
  pageRank: Type.Boolean({
    default: true,
    description: "Whether seeds spread over the graph; without, passages count by the seeds in them (ablation).",
  }),
};

/** The same, checked. */
export type HippoRagOptions = OptionsOf<typeof hippoRagOptions>;

/** Options of embeddings. */
export const denseOptions = { embedder: embedderOption };
