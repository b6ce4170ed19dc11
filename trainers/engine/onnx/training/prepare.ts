import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Objective, Vector } from "../../contract.js";
import { isTextTerm } from "../../parts.js";
import { type DecoderArchitecture, graphVariant } from "../decoder/architecture.js";
import { type Feeds, floats, type Tensor } from "../graph/session.js";
import type { LoraAdapter } from "../parameters/lora-adapter.js";
import type { PromptTable } from "../parameters/prompt-table.js";
import type { TrainableState } from "../parameters/trainable-state.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { trainingBatch } from "./batch.js";
import { dropoutFeeds } from "./dropout.js";
import { isParameterTerm, parameterTermFeeds } from "./parameter-terms.js";

/** What of a model an objective's graph reads. */
export interface Prepared {
  readonly config: DecoderConfig;
  readonly architecture: DecoderArchitecture;
  readonly adapter: LoraAdapter | null;
  readonly prompts: PromptTable | null;
  readonly state: TrainableState;
  readonly vectors: VectorPool;
  /** The base, where it is not what is trained. */
  readonly frozenFeeds: Feeds;
  readonly earlierFeeds: Feeds;
  /** Whether the quadratic terms are computed apart from the graph. */
  readonly apart: boolean;
}

/** The form, inputs and value outputs of an objective. `part` distinguishes the parts of one step. */
export function prepare(
  model: Prepared,
  objective: Objective,
  { training, labels, seed, part }: { training: boolean; labels?: Int32Array; seed: number; part: number },
) {
  const { adapter, config, state } = model;
  const texts = objective.terms.filter(isTextTerm);
  const languageModeling = texts.some(({ kind }) => kind === "language-modeling");
  const rowTerms = texts.flatMap(({ kind }) => (kind === "language-modeling" ? [] : [kind]));
  const quadratics = model.apart ? [] : quadraticTerms(objective);
  const batch = texts.length > 0 ? trainingBatch(texts, labels) : null;
  const dropout = training && batch !== null && (adapter?.options.dropout ?? 0) > 0;
  const parameterTerms = objective.terms.filter(isParameterTerm);
  const form = {
    architecture: graphVariant(model.architecture),
    config,
    lora: adapter && { ...adapter.form, dropout },
    prompts: model.prompts?.options,
    languageModeling,
    rowTerms: rowTerms.length > 0 ? rowTerms : undefined,
    parameterTerms: parameterTerms.map(({ kind }) => kind),
    quadratics: quadratics.length,
  };
  const feeds: Record<string, Tensor> = { ...state.parameterFeeds };
  if (batch) Object.assign(feeds, batch.feeds, model.frozenFeeds);
  if (dropout) Object.assign(feeds, dropoutFeeds(adapter!, batch, { seed, step: state.step, part }));
  const fetches: Record<string, null> = languageModeling ? { nll: null } : {};
  for (const i of rowTerms.keys()) fetches[`term.${i}`] = null;
  for (const term of parameterTerms) {
    Object.assign(feeds, parameterTermFeeds(term, model.earlierFeeds));
    fetches[term.kind] = null;
  }
  const vector = (prefix: string, own: Vector) => state.feeds(prefix, model.vectors.values(own, state.store.length));
  for (const [i, { anchor, importance, weight }] of quadratics.entries()) {
    Object.assign(feeds, vector(`anchor.${i}`, anchor), vector(`importance.${i}`, importance));
    feeds[`weight.${i}`] = floats([weight]);
    fetches[`quadratic.${i}`] = null;
  }
  return { form, feeds, fetches, batch };
}

export function quadraticTerms({ terms }: Objective) {
  return terms.filter((term) => term.kind === "quadratic");
}
