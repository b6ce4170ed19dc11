import type { OptionProperties, OptionsOf } from "../../harness/contract/options.js";
import type { LearnerContext, TrainerDefinition } from "../../harness/contract/trainer.js";
import { Type } from "../../harness/contract/type.js";
import type { Method } from "../methods/method.js";
import { openEmbedder } from "../training/embeddings/open-embedder.js";
import { type PromptOptions, promptOptions } from "../training/options.js";
import { mergePrivileges } from "../training/privileges.js";
import { Bm25 } from "./bm25.js";
import { Dense } from "./dense.js";
import { givenFacts } from "./extraction/extractor.js";
import { promptedFacts } from "./extraction/prompted.js";
import { factsByRules } from "./extraction/rules.js";
import { summarizeWith } from "./graph/summaries.js";
import { HippoRag } from "./hipporag.js";
import { askEndpoint, askModel } from "./language-model.js";
import { type MakeRetriever, Memory } from "./memory.js";
import { MemoryLearner } from "./memory-learner.js";
import { bm25Options, denseOptions, hippoRagOptions, type MemoryOptions, memoryOptions } from "./options.js";
import { RankFusion } from "./rank-fusion.js";
import { recognizeAll, recognizeWith } from "./recognition.js";

const makeBm25: MakeRetriever<OptionsOf<typeof bm25Options>> = async (options) => new Bm25(options);

const makeDense: MakeRetriever<OptionsOf<typeof denseOptions>> = async ({ embedder }, model) =>
  new Dense(await openEmbedder(embedder, model), { own: embedder === null });

const hippoRagParts = { ...hippoRagOptions, ...bm25Options, ...denseOptions };

const makeHippoRag: MakeRetriever<OptionsOf<typeof hippoRagParts>> = async (options, model, chat) => {
  const { extraction, filter, summaries, linking, endpoint, embedder: reference } = options;
  const ask = { model: async () => askModel(model, chat), endpoint: () => askEndpoint(endpoint) };
  const embedder = linking === "embeddings" ? await openEmbedder(reference, model) : undefined;
  const ranker = (file: string, rarity: 1 | 2) =>
    embedder === undefined ? new Bm25(options, rarity) : new Dense(embedder, { own: reference === null, file });
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
      summarize: summaries === "facts" ? undefined : summarizeWith(await ask[summaries]()),
    },
    options,
  );
};

/** A memory as a method, which trains nothing. */
interface MemoryMethod<Properties extends OptionProperties = OptionProperties> extends Method<Properties> {
  strategy(options: OptionsOf<Properties>): Memory;
}

/** Declares a memory; the functions get the types of its options from their schemas. */
const memory = <Properties extends OptionProperties>(method: MemoryMethod<Properties>): MemoryMethod<Properties> =>
  method;

/** What all memories say of themselves. */
const common = {
  // documents of any length
  needs: ({ capacity }: MemoryOptions) => ({
    pastData: { buffer: capacity, payloadBytes: Number.MAX_SAFE_INTEGER },
  }),
  // passages are taken to be as long as questions
  reading: ({ passages }: MemoryOptions) => 1 + passages,
};

const bm25 = memory({
  ...common,
  name: "bm25",
  summary: "Reads the documents that share the question's words; alone, with the base model as it is.",
  source: "Robertson & Zaragoza 2009; defaults of Anserini",
  version: 1,
  options: { ...memoryOptions, ...bm25Options },
  strategy: (options) => Memory.of(options, makeBm25),
});

const dense = memory({
  ...common,
  name: "dense",
  summary: "Reads the documents whose embeddings are nearest to the question's; alone, with the base model as it is.",
  source: "baseline; dense retrieval",
  version: 1,
  options: { ...memoryOptions, ...denseOptions },
  strategy: (options) => Memory.of(options, makeDense),
});

const hipporag = memory({
  ...common,
  name: "hipporag",
  summary: "Reads the documents that a walk over a graph of facts leads to; alone, with the base model as it is.",
  source: "HippoRAG 2, Gutiérrez et al., arXiv 2502.14802",
  version: 6,
  options: { ...memoryOptions, ...hippoRagParts },
  strategy: (options) => Memory.of(options, makeHippoRag),
});

const rankFusion = memory({
  ...common,
  name: "rank-fusion",
  summary: "Reads the documents that several retrievers rank highest; alone, with the base model as it is.",
  source: "Cormack, Clarke & Büttcher 2009",
  version: 7,
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
  strategy: (options) =>
    Memory.of(options, async (chosen, model, chat) => {
      const make = { bm25: makeBm25, dense: makeDense, hipporag: makeHippoRag };
      return new RankFusion(await Promise.all(chosen.use.map((name) => make[name](chosen, model, chat))));
    }),
});

const kinds: MemoryMethod[] = [bm25, dense, hipporag, rankFusion];

/**
 * Memories for compositions with methods that train: the model is trained on questions with the passages that are found for
 * them. Privileges: the documents of all tasks (a buffer).
 */
export const memories: readonly Method[] = kinds;

/** Memories as trainers: the base model as it is reads what is found. Options: those of the method, and maxTokens. */
export const memoryTrainers: TrainerDefinition[] = kinds.map(
  ({ name, summary, source, version, options, needs, reading, strategy }): TrainerDefinition => ({
    name,
    summary,
    source,
    version,
    options: { properties: { ...options, ...promptOptions } },
    schedule: "sequence",
    needs: (chosen) => mergePrivileges([needs!(chosen)]),
    capabilities: () => [],
    effort: (chosen) => ({ training: 0, answering: reading!(chosen) }),
    create: (context) => MemoryLearner.open(context as LearnerContext<PromptOptions>, strategy(context.options)),
  }),
);
