import type { Checkpoint, EngineDefinition, OpenOptions } from "../../harness/contract/engine.js";
import type { Decoding, Generation } from "../../harness/contract/trainer.js";
import type { Capability } from "./capabilities.js";

import type {
  Attention,
  ComponentRates,
  FisherKind,
  ImageFile,
  Logits,
  Objective,
  StepReport,
  TrainingSequence,
  Update,
  Vector,
} from "./objective.js";

export type * from "./objective.js";

/** What an adapter adds to each matrix that it adapts. */
export type AdapterOptions = LoraOptions | AdaLoraOptions;

/** (alpha / rank)·B·A, with A: rank × in, B: out × rank (Hu et al., 2106.09685). */
export interface LoraOptions {
  kind?: "lora";
  rank: number;
  alpha: number;
  dropout: number;
  /** Last components of module names, such as q_proj. */
  targetModules: string[];
}

/**
 * (alpha / rank)·P·Λ·Q, with Q: rank × in, Λ diagonal, P: out × rank (AdaLoRA, Zhang et al., 2303.10512). A triplet of a
 * row of Q, an element of Λ and a column of P whose elements are all zero counts as pruned.
 */
export interface AdaLoraOptions extends Omit<LoraOptions, "kind"> {
  kind: "adalora";
  /** The mean rank that pruning aims at. */
  targetRank: number;
}

/** The part of a flat vector that is one tensor. */
export interface TensorLayout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** The parameters that training changes: the base model's, or those of the adapter or prompt table that was added last. */
export interface Trainable {
  /** Elements of the trainable vector. */
  readonly length: number;
  /** The tensors of the trainable vector, in order. */
  readonly layout: readonly TensorLayout[];
  /** Parameters added to the base by adapters, those of a stack included, or by prompts. */
  readonly addedParameters: number;
}

/** AdamW's moments, float32 like the trainable vector and of its length, and the number of updates so far. */
export interface OptimizerState {
  first: Float32Array;
  second: Float32Array;
  step: number;
}

/** Counters since the model was opened. */
export interface Meter {
  flops: number;
  /** Tokens of every sequence that a gradient was computed for: of steps, `gradient`, `fisher` and `sensitivity`. */
  trainedTokens: number;
  generatedTokens: number;
}

/** A prompt in tokens. */
export interface EngineRequest {
  id: string;
  /** The prompt's tokens, special tokens included. */
  tokens: readonly number[];
  /** As in `TrainingSequence`. */
  images?: readonly ImageFile[];
  /** Values of the trainable parameters to compute with instead of the model's own: a snapshot, another task's adapter. */
  weights?: Vector;
  /** What an engine keeps of a prompt is used again for the same scope alone. */
  scope?: string;
}

/** Hears the text of a continuation so far, by the index of its request. */
export type Written = (index: number, text: string) => void;

/** Whether nobody waits for a continuation any more, by the index of its request. */
export type Cancelled = (index: number) => boolean;

/** A table of soft prompts: embeddings of virtual tokens, which are trained while the model is frozen. */
export interface PromptOptions {
  /** Rows of the table. In a sequence's tokens, row i has the id `firstVirtualToken + i`. */
  virtualTokens: number;
  /** How many keys are trained with it, to choose prompts by; 0 for none. */
  keys: number;
}

/** Text to tokens and back. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** What ends a text that is trained on. */
  readonly endToken: number;
  /** What ends an answer: the end token, and whatever else the model's files name. */
  readonly endTokens: readonly number[];
  readonly beginToken: number | null;
  /** No special tokens are added. */
  encode(text: string): number[];
  /** Special tokens are left out. */
  decode(tokens: readonly number[]): string;
  /** What the model's chat template puts around the message of a user and before the answer; null where it has none. */
  readonly chat: { readonly before: string; readonly after: string; readonly separator: string } | null;
  /** As `encode`, but special tokens are known: for what a chat template writes. */
  encodeTemplate(text: string): number[];
}

/**
 * What every engine does with a model. The model may be in another process: what is passed is data (JSON, and float32
 * arrays as bytes), every call returns a promise, and a plain property but `ended` never changes. Callers make one call at a time: the
 * next when the promise of the one before has settled. Vectors stay where the model computes; callers hold handles, which
 * are valid until `free` or `release`. The same calls on the same machine give the same bits; randomness is keyed by the
 * seeds that are passed, never by a running generator. Errors are BenchErrors.
 */
export interface CoreModel {
  readonly tokenizer: Tokenizer;
  /** The class in transformers, such as Qwen2ForCausalLM. */
  readonly architecture: string;
  /** Parameters of the base model. */
  readonly parameters: number;
  /** Longest sequence, in tokens. */
  readonly contextLength: number;
  /** The tokens that an image is written as in a sequence; absent where it takes text alone. */
  readonly images?: readonly number[] | undefined;

  /** What is trained now. Changed by adapters, prompts and `load`. */
  trainable(): Promise<Trainable>;
  /**
   * Forward, backward, constraint, clip, AdamW. Terms are computed by the parameters before the update. Throws DIVERGED,
   * and changes nothing, where the loss or the gradient's norm is not finite.
   */
  step(objective: Objective, update: Update): Promise<StepReport>;
  /** The objective's value, without a gradient and without dropout. */
  loss(objective: Objective): Promise<number>;
  /** The objective's gradient, not clipped, 0 where a rate is. */
  gradient(objective: Objective, componentRates?: ComponentRates): Promise<Vector>;
  /** One AdamW update with a given gradient; constraint and clipping apply. */
  apply(gradient: Vector, update: Update): Promise<{ gradientNorm: number }>;
  readonly optimizer: {
    /** Starts afresh: no moments, no updates. */
    reset(): Promise<void>;
    /** A copy of its state. */
    save(): Promise<OptimizerState>;
    /** Sets the state that `save` gave, for a trainable vector of the same length. */
    restore(state: OptimizerState): Promise<void>;
  };

  /** The inner product, summed in double precision. */
  dot(a: Vector, b: Vector): Promise<number>;
  /** Σ weights[i]·vectors[i], a new vector. Each element is summed in double precision, in the order given. */
  combine(weights: readonly number[], vectors: readonly Vector[]): Promise<Vector>;
  /** Elementwise product, a new vector. */
  multiply(a: Vector, b: Vector): Promise<Vector>;
  /** A copy of the trainable parameters. */
  snapshot(): Promise<Vector>;
  /** Sets the trainable parameters; the optimizer's state stays. */
  restore(vector: Vector): Promise<void>;
  /** Gives a vector up: its handle is no longer valid. */
  free(vector: Vector): Promise<void>;
  /** A vector's numbers, all or those from `start` to before `end`: a copy that is the caller's. */
  read(vector: Vector, start?: number, end?: number): Promise<Float32Array>;
  /** A vector of these numbers, which are copied. */
  write(values: Float32Array): Promise<Vector>;

  /**
   * Continuations, in the order of the requests; a result does not depend on the other requests.
   *
   * @param written an engine may tell it nothing.
   * @param cancelled an engine may ask it between two tokens, and end with CANCELLED.
   */
  generate(
    requests: readonly EngineRequest[],
    decoding: Decoding,
    written?: Written,
    cancelled?: Cancelled,
  ): Promise<Generation[]>;
  /** Whether calls of `generate` that come while others are under way are computed together with them. */
  readonly joins?: boolean;
  /** Whether what computes has ended, such as a process of its own that was killed: every further call fails. */
  readonly ended?: boolean;
  /** Σ log p of the continuation's tokens given the prompt's, nats. */
  score(requests: readonly (EngineRequest & { continuation: readonly number[] })[]): Promise<number[]>;
  /** Mean over the tokens of the last hidden states (after the final norm), one row each. */
  embed(requests: readonly EngineRequest[]): Promise<Float32Array[]>;

  /**
   * A full model directory in Hugging Face format, or with an adapter only the adapter in PEFT's format; stacked LoRA
   * adapters as one, of the sum of their ranks. `weights` means the trainable parameters.
   */
  save(directory: string, weights?: Vector): Promise<void>;
  /** Reads back what `save` wrote, into this model. */
  load(directory: string): Promise<void>;
  /** SHA-256 over architecture, weights and adapter: what determines the answers. */
  digest(): Promise<string>;
  /** Bytes of all tensors held. */
  tensorBytes(): Promise<number>;
  /** FLOPs and tokens so far. */
  meter(): Promise<Meter>;
  /** Frees the model's memory; no call may follow. */
  release(): Promise<void>;
}

/** Second moments of what linear modules read. */
export interface InputMoments {
  /** Paths of the modules that read it. */
  modules: string[];
  /** Σ x·xᵀ, [in, in] row by row. */
  moments: Float32Array;
}

/** Members that an engine may leave out, with the capability that they belong to. See `capabilities`. */
export interface OptionalMembers {
  /** `adapters`: adds an adapter; the base is frozen and the trainable vector is the adapter's. `seed` keys its initialization. */
  adapt(options: AdapterOptions, seed: number): Promise<void>;
  /** `adapters`: folds the adapter into the base weights, which are trainable again. */
  merge(): Promise<void>;
  /** `stacked-adapters`: freezes the LoRA adapter, which remains active, and adds a new one of its form, which is trained. */
  stack(seed: number): Promise<void>;

  /** `soft-prompts`: adds a table of soft prompts; the base is frozen from then on. `seed` keys its initialization. */
  addPrompts(options: PromptOptions, seed: number): Promise<void>;
  /** `soft-prompts`: writes a run of the prompt table's rows as an adapter that PEFT opens (prompt tuning). */
  savePrompts(directory: string, start: number, count: number): Promise<void>;
  /** `soft-prompts`: the current keys of the prompt table, one row each. */
  promptKeys(): Promise<Float32Array[]>;
  /** `soft-prompts`: the id that denotes row 0 of a prompt table in a sequence's tokens; row i is this + i. */
  readonly firstVirtualToken: number;

  /**
   * `importance`: mean over examples of squared gradients of the mean nll; not normalized further. `seed` keys the labels
   * that are drawn. `exact` takes each token's likeliest labels until their probabilities sum to `coverage`.
   */
  fisher(examples: readonly TrainingSequence[], kind: FisherKind, seed: number, coverage?: number): Promise<Vector>;
  /** `importance`: mean over examples of |∂ mean‖logits‖² / ∂θ| (MAS, 1711.09601, eq. 4); needs no labels. */
  sensitivity(examples: readonly TrainingSequence[]): Promise<Vector>;

  /** `logits`: logits of the batch's predicted tokens, by the model's own parameters or by `at`. */
  logits(batch: readonly TrainingSequence[], at?: Vector): Promise<Logits>;

  /** `activations`: Σ |output| of every linear module over the requests' tokens, one value an output neuron, by the module's path. */
  activations(requests: readonly EngineRequest[]): Promise<Record<string, Float32Array>>;

  /**
   * `input-moments`: Σ x·xᵀ over the requests' tokens of the inputs x of the linear modules whose last name is one of
   * `modules`; of modules that read the same input, such as `q_proj` and `k_proj`, once.
   */
  inputMoments(requests: readonly EngineRequest[], modules: readonly string[]): Promise<InputMoments[]>;

  /** `attention`: the probabilities of all heads, layer by layer, for the tokens at `queries` of each request. */
  attention(requests: readonly (EngineRequest & { queries: readonly number[] })[]): Promise<Attention[]>;
  /**
   * `attention`: mean over examples of the mean of (∂ mean nll / ∂ p)² over the probabilities p of a head, those of a token
   * for itself and the ones before it (SEEKR, 2411.06171): a value a head, for each layer.
   */
  headSensitivity(examples: readonly TrainingSequence[]): Promise<Float32Array[]>;
}

/** A model as methods see it: they declare the capabilities whose members they call. */
export type Model = CoreModel & OptionalMembers;

/** Something that computes with models; a plug-in offers it under `engines`. */
export interface Engine extends EngineDefinition {
  capabilities(checkpoint: Checkpoint): readonly Capability[] | undefined;
  open(checkpoint: Checkpoint, device: string, options: OpenOptions): Promise<CoreModel & Partial<OptionalMembers>>;
}
