import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import { embedderOption } from "../embeddings/open-embedder.js";

/** Options of self-synthesis. */
export const synthesisOptions = {
  items: Type.Integer({
    minimum: 1,
    default: 20,
    description: "Real items of a task that serve as demonstrations (the paper: 1%, 20 items).",
  }),
  demonstrations: Type.Enum(["real", "none"], {
    default: "real",
    description:
      "none: no real item is looked at; what the base model writes behind a bare 'Input:' serves as demonstrations.",
  }),
  shots: Type.Integer({ minimum: 1, default: 2, description: "Demonstrations before each new instance." }),
  draws: Type.Number({
    minimum: 1,
    default: 3,
    description: "Draws for each instance that is kept (the paper: 1,140 for 200).",
  }),
  share: Type.Number({
    exclusiveMinimum: 0,
    default: 0.1,
    description: "Synthetic items of a task, as a share of its training items.",
  }),
  select: Type.Enum(["k-means", "random", "perplexity"], {
    default: "k-means",
    description:
      "k-means: nearest to the centroids of the embeddings, by cluster size; perplexity: least surprising to the latest model.",
  }),
  clusters: Type.Integer({ minimum: 1, default: 20, description: "Clusters of k-means." }),
  order: Type.Enum(["refine-then-select", "select-then-refine"], {
    default: "refine-then-select",
    description: "As published: select by input and answer; as in the released code: select by input, then answer.",
  }),
  refine: Type.Boolean({
    default: true,
    description: "Whether the latest model answers again; otherwise the base model's own answer is kept.",
  }),
  temperature: Type.Number({ minimum: 0, default: 0.6, description: "Of the base model's sampling." }),
  topP: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 1, description: "Nucleus of its sampling." }),
  repetitionPenalty: Type.Number({ minimum: 1, default: 1, description: "Penalty on tokens that occurred." }),
  embedder: embedderOption,
};

export type SynthesisOptions = OptionsOf<typeof synthesisOptions>;
