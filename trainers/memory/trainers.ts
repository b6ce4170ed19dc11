import Type from "typebox";
import { defineTrainer } from "../../harness/contract/define.js";
import type { OptionsOf } from "../../harness/contract/options.js";
import type { LearnerContext } from "../../harness/contract/trainer.js";
import type { Model } from "../engine/contract.js";
import { openEmbedder } from "../training/embeddings/open-embedder.js";
import { noPrivileges } from "../training/privileges.js";
import { Bm25 } from "./bm25.js";
import { Dense } from "./dense.js";
import { givenFacts } from "./extraction/extractor.js";
import { promptedFacts } from "./extraction/prompted.js";
import { factsByRules } from "./extraction/rules.js";
import { HippoRag } from "./hipporag.js";
import { askEndpoint, askModel } from "./language-model.js";
import { MemoryLearner } from "./memory-learner.js";
import { bm25Options, denseOptions, hippoRagOptions, type MemoryOptions, memoryOptions } from "./options.js";
import { RankFusion } from "./rank-fusion.js";
import { recognizeAll, recognizeWith } from "./recognition.js";
import type { Retriever } from "./retriever.js";

/** What every memory shares: nothing is trained; all documents that it keeps are declared and metered. */
const common = {
  schedule: "sequence",
  // documents of any length
  needs: ({ capacity }: MemoryOptions) => ({
    ...noPrivileges,
    pastData: { buffer: capacity, payloadBytes: Number.MAX_SAFE_INTEGER },
  }),
  capabilities: () => [],
} as const;

/** What makes a retriever of a kind. */
type Make<Options> = (model: Model, context: Pick<LearnerContext<Options>, "options" | "chat">) => Promise<Retriever>;

const makeBm25: Make<OptionsOf<typeof bm25Options>> = async (_model, { options }) => new Bm25(options);

const makeDense: Make<OptionsOf<typeof denseOptions>> = async (model, { options }) =>
  new Dense(await openEmbedder(options.embedder, model));

const hippoRagParts = { ...hippoRagOptions, ...bm25Options, ...denseOptions };

const makeHippoRag: Make<OptionsOf<typeof hippoRagParts>> = async (model, { options, chat = false }) => {
  const { extraction, filter, linking, endpoint, embedder: reference } = options;
  const ask = { model: async () => askModel(model, chat), endpoint: () => askEndpoint(endpoint) };
  const embedder = linking === "embeddings" ? await openEmbedder(reference, model) : undefined;
  const ranker = (file: string, rarity: 1 | 2) =>
    embedder === undefined ? new Bm25(options, rarity) : new Dense(embedder, file);
  const extract = { rules: factsByRules, given: givenFacts };
  return new HippoRag(
    {
      extract:
        extraction === "model" || extraction === "endpoint"
          ? promptedFacts(await ask[extraction]())
          : extract[extraction],
      passages: ranker("embeddings", 1),
      facts: ranker("fact-embeddings", 2),
      recognize: filter === "none" ? recognizeAll : recognizeWith(await ask[filter]()),
    },
    options,
  );
};

/** Options: passages, capacity, k1, b, maxTokens. Privileges: the documents of all tasks (a buffer). */
export const bm25 = defineTrainer({
  ...common,
  name: "bm25",
  summary: "The base model as it is, reading the documents that share the question's words.",
  source: "Robertson & Zaragoza 2009; defaults of Anserini",
  version: 1,
  options: { ...memoryOptions, ...bm25Options },
  create: (context) => MemoryLearner.open(context, makeBm25),
});

/** Options: passages, capacity, embedder, maxTokens. Privileges: the documents of all tasks (a buffer). */
export const dense = defineTrainer({
  ...common,
  name: "dense",
  summary: "The base model as it is, reading the documents whose embeddings are nearest to the question's.",
  source: "baseline; dense retrieval",
  version: 1,
  options: { ...memoryOptions, ...denseOptions },
  create: (context) => MemoryLearner.open(context, makeDense),
});

/**
 * Options: passages, capacity, extraction, linking, filter, endpoint, linkedFacts, seedPhrases, passageWeight, damping, synonyms,
 * passageNodes, pageRank, k1, b, embedder, maxTokens. Privileges: the documents of all tasks (a buffer).
 */
export const hipporag = defineTrainer({
  ...common,
  name: "hipporag",
  summary: "The base model as it is, reading the documents that a walk over a graph of facts leads to.",
  source: "HippoRAG 2, Gutiérrez et al., arXiv 2502.14802",
  version: 2,
  options: { ...memoryOptions, ...hippoRagParts },
  create: (context) => MemoryLearner.open(context, makeHippoRag),
});

/** Options: use, and those of bm25, dense and hipporag. Privileges: the documents of all tasks (a buffer). */
export const rankFusion = defineTrainer({
  ...common,
  name: "rank-fusion",
  summary: "The base model as it is, reading the documents that several retrievers rank highest.",
  source: "Cormack, Clarke & Büttcher 2009",
  version: 2,
  options: {
    use: Type.Array(Type.Enum(["bm25", "dense", "hipporag"]), {
      minItems: 2,
      uniqueItems: true,
      default: ["bm25", "dense"],
      description: "The retrievers whose rankings are fused.",
    }),
    ...memoryOptions,
    ...hippoRagParts,
  },
  create: (context) =>
    MemoryLearner.open(context, async (model, own) => {
      const make = { bm25: makeBm25, dense: makeDense, hipporag: makeHippoRag };
      return new RankFusion(await Promise.all(own.options.use.map((name) => make[name](model, own))));
    }),
});
