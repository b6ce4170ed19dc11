import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Objective, Vector } from "../../contract.js";
import { isTextTerm } from "../../parts.js";
import { type DecoderArchitecture, graphVariant } from "../decoder/architecture.js";
import type { ImageInput } from "../decoder/decoder.js";
import type { PackedBatch } from "../decoder/packed-forward.js";
import { type Feeds, floats, type Inputs } from "../graph/session.js";
import type { LoraAdapter } from "../parameters/lora-adapter.js";
import type { PromptTable } from "../parameters/prompt-table.js";
import type { TrainableState } from "../parameters/trainable-state.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { type Pictures, requirePictures } from "../vision/pictures.js";
import { isAttentionTerm } from "./attention-term.js";
import { trainingBatch } from "./batch.js";
import { dropoutFeeds } from "./dropout.js";
import { isParameterTerm, parameterTermFeeds } from "./parameter-terms.js";
import { isRowTerm } from "./row-terms.js";
import type { TrainingForm } from "./training-graph.js";

/** What of a model an objective's graph reads. */
export interface Prepared {
  readonly config: DecoderConfig;
  readonly architecture: DecoderArchitecture;
  readonly adapter: LoraAdapter | null;
  readonly prompts: PromptTable | null;
  readonly state: TrainableState;
  readonly vectors: VectorPool;
  /** The base, where it is not what is trained. */
  readonly frozenInputs: Inputs;
  readonly earlierFeeds: Feeds;
  /** Whether the quadratic terms are computed apart from the graph. */
  readonly large: boolean;
  readonly pictures: Pictures | undefined;
  /** Whether the base, the vision tower included, stays as it is. */
  readonly frozen: boolean;
  /** Every tensor by name. */
  tensors(): Inputs;
  /** Counts floating-point operations. */
  spend(flops: number): void;
}

/** How an objective is prepared. */
export interface PrepareOptions {
  /** Whether there is dropout, which the seed and the part of the step key; there is none unless given. */
  training?: boolean;
  seed?: number;
  part?: number;
  /** In the place of the tokens that are predicted. */
  labels?: Int32Array;
  /** Whether the tower is frozen where the base is trained. */
  freezesTower?: boolean;
}

/** The form, inputs and value outputs of an objective. */
export async function prepare(
  model: Prepared,
  objective: Objective,
  { training = false, labels, seed = 0, part = 0, freezesTower = false }: PrepareOptions = {},
) {
  const { adapter, config, state } = model;
  const texts = objective.terms.filter(isTextTerm);
  const languageModeling = texts.some(({ kind }) => kind === "language-modeling");
  const rowTerms = texts.filter(isRowTerm).map(({ kind }) => kind);
  const attentionTerms = texts.filter(isAttentionTerm).length;
  const quadratics = model.large ? [] : quadraticTerms(objective);
  const batch = texts.length > 0 ? trainingBatch(config, texts, labels) : null;
  const dropout = training && batch !== null && (adapter?.options.dropout ?? 0) > 0;
  const seen = model.frozen ? "features" : freezesTower ? "states" : "patches";
  const parameterTerms = objective.terms.filter(isParameterTerm);
  const form: Omit<TrainingForm, "result"> = {
    architecture: graphVariant(model.architecture),
    config,
    lora: adapter && { ...adapter.form, dropout },
    prompts: model.prompts?.options,
    languageModeling,
    rowTerms: rowTerms.length > 0 ? rowTerms : undefined,
    attentionTerms: attentionTerms || undefined,
    parameterTerms: parameterTerms.map(({ kind }) => kind),
    quadratics: quadratics.length,
    images: batch && batch.packed.images.length > 0 ? seen : undefined,
  };
  const feeds: Record<string, Inputs[string]> = { ...state.parameterFeeds };
  if (batch) Object.assign(feeds, batch.feeds, model.frozenInputs);
  if (batch && form.images) Object.assign(feeds, await imageFeeds(model, batch.packed, form.images));
  if (dropout) Object.assign(feeds, dropoutFeeds(adapter!, batch, { seed, step: state.step, part }));
  const fetches: Record<string, null> = languageModeling ? { nll: null } : {};
  for (const i of rowTerms.keys()) fetches[`term.${i}`] = null;
  for (let i = 0; i < attentionTerms; i++) fetches[`attention.${i}`] = null;
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

/** A tower that is trained is part of the graph; one that is frozen is computed apart, once for each image. */
function imageFeeds(model: Prepared, batch: PackedBatch, seen: ImageInput): Promise<Feeds> {
  const pictures = requirePictures(model.pictures);
  const spend = (flops: number) => model.spend(flops);
  if (seen === "patches") return pictures.patches(batch);
  if (seen === "features") return pictures.features(batch, model.frozenInputs, spend, "features");
  return pictures.states(batch, model.tensors(), spend);
}

export function quadraticTerms({ terms }: Objective) {
  return terms.filter((term) => term.kind === "quadratic");
}
