/**
 * A handle to a flat float32 vector over the trainable parameters (same order and length), which stays where the model
 * computes. Free it when done.
 */
export interface Vector {
  readonly id: number;
  readonly length: number;
}

/** An image file by its path and the SHA-256 of its content. */
export interface ImageFile {
  path: string;
  digest: string;
}

/** One training sequence. The loss of predicting `tokens[i]` from the tokens before it weighs `weights[i]`. */
export interface TrainingSequence {
  tokens: readonly number[];
  /** Same length; `weights[0]` is ignored. 0 means no loss: the logits there are not even computed. */
  weights: readonly number[];
  /** What is written as `CoreModel.images` in its tokens, in order. */
  images?: readonly ImageFile[];
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
  /** Σ |B·A| over the modules of a LoRA adapter: the L1 norm of what it adds, before alpha / rank (N-LoRA, 2410.10179). */
  | { kind: "sparsity"; weight: number }
  /** KL(student ‖ teacher) of the distributions of each token, the mode-seeking direction (sdft, 2601.19897). */
  | { kind: "reverse-distillation"; batch: readonly TrainingSequence[]; teacher: Logits; weight: number }
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
  /** The logit of the actual token. */
  | { kind: "label-logit"; batch: readonly TrainingSequence[]; weight: number }
  /** The squared length of the logits. */
  | { kind: "logit-norm"; batch: readonly TrainingSequence[]; weight: number }
  /**
   * KL(teacher ‖ student) of attention probabilities, `teacher[i]` for sequence i: the mean over sequences, over the layers
   * of a sequence's heads, and over heads and queries of a layer (SEEKR, 2411.06171).
   */
  | {
      kind: "attention-distillation";
      batch: readonly TrainingSequence[];
      teacher: readonly Attention[];
      weight: number;
    }
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

/** An attention head: its layer and its place in that layer. */
export interface Head {
  layer: number;
  head: number;
}

/** Attention probabilities of some heads for some tokens of one sequence. */
export interface Attention {
  heads: readonly Head[];
  /** Positions of the tokens that attend, ascending. */
  queries: readonly number[];
  /** The sequence's tokens from the first on that are attended to: more than the last query's position. */
  keys: number;
  /** [heads, queries, keys]; 0 behind the query. */
  values: Float32Array;
}

/** What a step minimizes: the sum of weight × term. */
export interface Objective {
  terms: Term[];
  /** Most sequences of a batch that are computed at a time: the gradients of larger batches are summed part by part. */
  microBatch?: number;
}

/**
 * Factor on the learning rate for parameters whose name contains the key; the longest key wins. 0 freezes them: the gradient
 * is that of the others, as are the normals of half-spaces, and a frozen vision tower is computed once an image while its
 * states are kept.
 */
export type ComponentRates = Readonly<Record<string, number>>;

/** How a gradient becomes a change of the parameters: AdamW (Loshchilov & Hutter, 1711.05101) after clipping. */
export interface Update {
  learningRate: number;
  componentRates?: ComponentRates;
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
  /** Whether the report includes the objective's gradient. */
  reportGradient?: boolean;
}

/** What the gradient must satisfy before it becomes an update. */
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
  /**
   * Of the gradient G [out, in] of each named matrix (I − LᵀL)·G·(I − RᵀR) is left, with orthonormal rows L [directions,
   * out] and R [directions, in]. What AdamW, decay and pull make of it is projected again, so that no step changes what
   * the matrix does along them. Other tensors are free (OSF, 2504.07097).
   */
  | { kind: "subspaces"; matrices: readonly { name: string; left: Vector; right: Vector }[] }
  /**
   * g is multiplied elementwise, before clipping. A parameter whose mask is 0 is frozen: it and its moments keep their
   * bits, whatever the weight decay, the proximal pull and earlier moments would make of them.
   */
  | { kind: "mask"; mask: Vector };

/** What a step computed. */
export interface StepReport {
  loss: number;
  /** The value of each term, unweighted, in order. */
  terms: number[];
  /** Global norm before clipping. */
  gradientNorm: number;
  /** Tokens in the batch, padding not counted. */
  tokens: number;
  flops: number;
  /** Where the update asked for it: the gradient of the objective, before constraint and clipping, 0 where a rate is. The caller frees it. */
  gradient?: Vector;
}

/**
 * How the Fisher information's diagonal is estimated, one example at a time, mean over examples. `exact`: the expectation
 * of the squared gradient over the model's own distribution of each token, given the tokens before it. `sampled`: tokens
 * drawn from that distribution. `empirical`: the example's own tokens.
 */
export type FisherKind = "exact" | "sampled" | "empirical";
