import Type from "typebox";
import { defineTrainer } from "../../harness/contract/define.js";
import { openEmbedder } from "../training/embeddings/open-embedder.js";
import { noPrivileges } from "../training/privileges.js";
import { Bm25 } from "./bm25.js";
import { Dense } from "./dense.js";
import { MemoryLearner } from "./memory-learner.js";
import { bm25Options, denseOptions, type MemoryOptions, memoryOptions } from "./options.js";
import { RankFusion } from "./rank-fusion.js";

/** What every memory shares: nothing is trained; all documents that it keeps are declared and metered. */
const common = {
  schedule: "sequence",
  needs: ({ capacity }: MemoryOptions) => ({ ...noPrivileges, pastData: { buffer: capacity } }),
  capabilities: () => [],
} as const;

/** Options: passages, capacity, k1, b, maxTokens. Privileges: the documents of all tasks (a buffer). */
export const bm25 = defineTrainer({
  ...common,
  name: "bm25",
  summary: "The base model as it is, reading the documents that share the question's words.",
  source: "Robertson & Zaragoza 2009; defaults of Anserini",
  version: 1,
  options: { ...memoryOptions, ...bm25Options },
  create: (context) => MemoryLearner.open(context, async (_model, options) => new Bm25(options)),
});

/** Options: passages, capacity, embedder, maxTokens. Privileges: the documents of all tasks (a buffer). */
export const dense = defineTrainer({
  ...common,
  name: "dense",
  summary: "The base model as it is, reading the documents whose embeddings are nearest to the question's.",
  source: "baseline; dense retrieval",
  version: 1,
  options: { ...memoryOptions, ...denseOptions },
  create: (context) =>
    MemoryLearner.open(context, async (model, { embedder }) => new Dense(await openEmbedder(embedder, model))),
});

/** Options: use, passages, capacity, k1, b, embedder, maxTokens. Privileges: the documents of all tasks (a buffer). */
export const rankFusion = defineTrainer({
  ...common,
  name: "rank-fusion",
  summary: "The base model as it is, reading the documents that several retrievers rank highest.",
  source: "Cormack, Clarke & Büttcher 2009",
  version: 1,
  options: {
    use: Type.Array(Type.Enum(["bm25", "dense"]), {
      minItems: 2,
      uniqueItems: true,
      default: ["bm25", "dense"],
      description: "The retrievers whose rankings are fused.",
    }),
    ...memoryOptions,
    ...bm25Options,
    ...denseOptions,
  },
  create: (context) =>
    MemoryLearner.open(context, async (model, { use, embedder, ...options }) => {
      const make = {
        bm25: async () => new Bm25(options),
        dense: async () => new Dense(await openEmbedder(embedder, model)),
      };
      return new RankFusion(await Promise.all(use.map((name) => make[name]())));
    }),
});
