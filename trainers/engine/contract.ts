import type { Decoding, Generation } from "../../harness/contract/trainer.js";

/** A flat vector over the trainable parameters (same order and length) that stays on the device. Free it when done. */
export interface Vector {
  readonly id: number;
  readonly length: number;
}

/** One training sequence. The loss of predicting `tokens[i]` from what stands before it weighs `weights[i]`. */
export interface TrainingSequence {
  tokens: readonly number[];
  /** Same length; `weights[0]` is ignored. 0 means no loss: the logits there are not even computed. */
  weights: readonly number[];
}

/**
 * A loss term. Each owns its data. The objective is the sum of weight × term. Terms with a batch are means over its
 * predicted tokens, weighted as these are; terms that name the same array share its forward pass.
 */
export type Term =
  /** Σ w·nll / Σ w over the batch, nats per token. */
  | { kind: "language-modeling"; batch: readonly TrainingSequence[]; weight: number }
  /** Σ |A_earlier·Aᵀ| over the modules of a LoRA adapter that was stacked on earlier ones (O-LoRA, 2310.14152, eq. 8). */
  | { kind: "orthogonality"; weight: number }
  /** Σ ‖PᵀP − I‖² + ‖QQᵀ − I‖² over the modules of an AdaLoRA adapter (2303.10512, eq. 4). */
  | { kind: "orthonormality"; weight: number }
  /** T²·KL(teacher ‖ student) of the distributions at temperature T (Hinton et al., 1503.02531). */
  | {
      kind: "distillation";
      batch: readonly TrainingSequence[];
      teacher: Logits;
      temperature: number;
      weight: number;
    }
  /** The mean over classes of (logit − target)² (DER++, 2004.07211). */
  | { kind: "logit-matching"; batch: readonly TrainingSequence[]; target: Logits; weight: number }
  /** The logit of the token that stands there. */
  | { kind: "label-logit"; batch: readonly TrainingSequence[]; weight: number }
  /** The squared length of the logits. */
  | { kind: "logit-norm"; batch: readonly TrainingSequence[]; weight: number }
  /** Mean over pairs of 1 − cos(query, key): draws keys of a prompt table to the queries that chose them. `choices[i]` is query i's. */
  | { kind: "key-matching"; queries: readonly Float32Array[]; choices: readonly (readonly number[])[]; weight: number }
  /** ½ Σ importance·(θ − anchor)²; the gradient is added before clipping. */
  | { kind: "quadratic"; anchor: Vector; importance: Vector; weight: number };

/** Logits before the tokens that a batch predicts (those with a weight above 0), a row each, in the batch's order. */
export interface Logits {
  rows: number;
  classes: number;
  /** [rows, classes]. */
  values: Float32Array;
}

export interface Objective {
  terms: Term[];
  /** Most sequences of a batch that are computed at a time: the gradients of larger batches are summed part by part. */
  microBatch?: number;
}

/** How a gradient becomes a change of the parameters: AdamW (Loshchilov & Hutter, 1711.05101) after clipping. */
export interface Update {
  learningRate: number;
  /** Factor on the learning rate for parameters whose name contains the key; the longest key wins. */
  componentRates?: Record<string, number>;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled; applies to matrices only, not to norms and biases. */
  weightDecay: number;
  /** Largest global norm of the gradient; null for none. */
  clip: number | null;
  /** After AdamW: θ ← (θ + η·strength·importance·anchor) / (1 + η·strength·importance), with η the learning rate. */
  proximal?: { anchor: Vector; importance: Vector; strength: number };
  /** Linear constraints on the gradient, data rather than callbacks. */
  constraint?: Constraint;
  /** Whether the report holds the objective's gradient. */
  reportGradient?: boolean;
}

export type Constraint =
  /** g is projected so that ⟨g, normal⟩ ≥ 0 (A-GEM's closed form, 1812.00420 eq. 11). */
  | { kind: "half-space"; normal: Vector }
  /**
   * Where some ⟨g, normal⟩ < 0, g becomes the nearest g + Σ v·normal with all v ≥ margin that lies in every half-space
   * (GEM, 1706.08840, eq. 11, and the constant that its section 3 adds to v).
   */
  | { kind: "half-spaces"; normals: readonly Vector[]; margin: number }
  /** g loses its components along orthonormal directions: the rows of `basis`, each as long as g (OGD, 1910.07104). */
  | { kind: "orthogonal"; basis: Vector }
  /** g is multiplied elementwise. */
  | { kind: "mask"; mask: Vector };

export interface StepReport {
  loss: number;
  /** The value of each term, unweighted, in order. */
  terms: number[];
  /** Global norm before clipping. */
  gradientNorm: number;
  /** Tokens in the batch, padding not counted. */
  tokens: number;
  flops: number;
  /** Where the update asked for it: the gradient of the objective, before constraint and clipping. The caller frees it. */
  gradient?: Vector;
}

/**
 * How the Fisher information's diagonal is estimated, one example at a time, mean over examples. `exact`: the expectation
 * of the squared gradient over the model's own distribution of each token, given the tokens before it. `sampled`: tokens
 * drawn from that distribution. `empirical`: the example's own tokens.
 */
export type FisherKind = "exact" | "sampled" | "empirical";

/** What an adapter adds to each matrix that it stands on. */
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

/** Where a tensor stands in a flat vector. */
export interface TensorLayout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

export interface EngineRequest {
  id: string;
  /** The prompt's tokens, special tokens included. */
  tokens: readonly number[];
  /** Values of the trainable parameters to compute with instead of the model's own: a snapshot, another task's adapter. */
  weights?: Vector;
}

/** A table of soft prompts: embeddings of virtual tokens, which are trained while the model stays as it is. */
export interface PromptOptions {
  /** Rows of the table. Virtual token i has the id `tokenizer vocabulary of the model + i`; see `Model.virtualToken`. */
  virtualTokens: number;
  /** How many keys are trained beside it, to choose prompts by; 0 for none. */
  keys: number;
}

export interface Tokenizer {
  readonly vocabularySize: number;
  readonly endToken: number;
  readonly beginToken: number | null;
  /** No special tokens are added. */
  encode(text: string): number[];
  /** Special tokens are left out. */
  decode(tokens: readonly number[]): string;
  /** Renders a chat by the model's own template. Throws MODEL_INVALID where it has none. */
  chat(messages: { role: string; content: string }[]): string;
  readonly hasChatTemplate: boolean;
}

/** A model on a device. Vectors stay there; trainers hold handles. */
export interface Model {
  readonly tokenizer: Tokenizer;
  readonly architecture: string;
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Parameters added to the base by adapters. */
  readonly addedParameters: number;
  /** Longest sequence, in tokens. */
  readonly contextLength: number;
  /** The tensors of the trainable vector, in order. */
  readonly layout: readonly TensorLayout[];

  /**
   * Forward, backward, constraint, clip, AdamW: one native run, but where the batch comes in parts or the constraint is
   * one of several half-spaces or of a basis. Throws DIVERGED and changes nothing if not finite.
   */
  step(objective: Objective, update: Update): Promise<StepReport>;
  /** The objective's value, without a gradient. */
  loss(objective: Objective): Promise<number>;
  gradient(objective: Objective): Promise<Vector>;
  /** Logits of the batch's predicted tokens, by the model's own parameters or by `at`. */
  logits(batch: readonly TrainingSequence[], at?: Vector): Promise<Logits>;
  /** One AdamW update with a given gradient. */
  apply(gradient: Vector, update: Update): Promise<{ gradientNorm: number }>;
  dot(a: Vector, b: Vector): number;
  /** Σ weights[i]·vectors[i], a new vector. */
  combine(weights: readonly number[], vectors: readonly Vector[]): Vector;
  /** Elementwise product, a new vector. */
  multiply(a: Vector, b: Vector): Vector;
  /**
   * Mean over examples of squared gradients of the mean nll; not normalized further. `seed` keys the labels that are
   * drawn. `exact` takes each token's likeliest labels until their probabilities sum to `coverage`.
   */
  fisher(examples: readonly TrainingSequence[], kind: FisherKind, seed: number, coverage?: number): Promise<Vector>;
  /** Mean over examples of |∂ mean‖logits‖² / ∂θ| (MAS, 1711.09601, eq. 4); needs no labels. */
  sensitivity(examples: readonly TrainingSequence[]): Promise<Vector>;
  /** A copy of the trainable parameters. */
  snapshot(): Vector;
  restore(vector: Vector): void;
  free(vector: Vector): void;
  /** Vectors as numbers, for saving: written and read as safetensors by the caller. */
  read(vector: Vector): Float32Array;
  write(values: Float32Array): Vector;
  readonly optimizer: {
    reset(): void;
    save(): { first: Float32Array; second: Float32Array; step: number };
    restore(state: { first: Float32Array; second: Float32Array; step: number }): void;
  };

  /** Adds an adapter; the base is frozen from then on and the trainable vector is the adapter's. `seed` keys its initialization. */
  adapt(options: AdapterOptions, seed: number): void;
  /** Freezes the LoRA adapter, which goes on acting, and adds a new one of its form: the trainable vector is the new one's. */
  stack(seed: number): void;
  /** Adds a table of soft prompts; the base is frozen from then on. `seed` keys its initialization. */
  addPrompts(options: PromptOptions, seed: number): void;
  /** The id that stands for a row of the prompt table in a sequence's tokens. */
  virtualToken(row: number): number;
  /** Writes a run of the prompt table's rows as an adapter that PEFT opens (prompt tuning). */
  savePrompts(directory: string, start: number, count: number): void;
  /** The keys beside the prompt table, one row each, as they stand. */
  promptKeys(): Float32Array[];
  /** Folds the adapter into the base weights, in place. */
  merge(): void;

  generate(requests: readonly EngineRequest[], decoding: Decoding): Promise<Generation[]>;
  /** Σ log p of the continuation's tokens given the prompt's, nats. */
  score(requests: readonly (EngineRequest & { continuation: readonly number[] })[]): Promise<number[]>;
  /** Mean over the tokens of the last hidden states (after the final norm), one row each. */
  embed(requests: readonly EngineRequest[]): Promise<Float32Array[]>;
  /** Σ |output| of every linear module over the requests' tokens, one value an output neuron, by the module's path. */
  activations(requests: readonly EngineRequest[]): Promise<Record<string, Float32Array>>;

  /**
   * A full model directory in Hugging Face format, or with an adapter only the adapter in PEFT's format; stacked LoRA
   * adapters as one, of the sum of their ranks. `weights` stands for the trainable parameters.
   */
  save(directory: string, weights?: Vector): Promise<void>;
  /** Reads back what `save` wrote, into this model. */
  load(directory: string): Promise<void>;
  /** SHA-256 over architecture, weights and adapter: what determines the answers. */
  digest(): string;
  /** Bytes of all tensors held. */
  tensorBytes(): number;
  /** FLOPs and generated tokens so far. */
  meter(): { flops: number; trainedTokens: number; generatedTokens: number };
  release(): Promise<void>;
}

export interface OpenOptions {
  device: string;
  threads: number;
  /** Keys dropout. */
  seed: number;
}
