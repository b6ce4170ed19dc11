/**
 * The optional capabilities of engines, by the names that methods ask for, each with what of the contract it covers
 * besides the members of `OptionalMembers` that carry its name.
 */
export const capabilities = {
  adapters: "LoRA adapters: trained alone on a frozen base, saved in PEFT's format, merged",
  "adaptive-adapters": "AdaLoRA adapters (`AdaLoraOptions`) and the term `orthonormality`",
  "stacked-adapters": "several LoRA adapters one on another and the term `orthogonality`",
  "soft-prompts": "trained embeddings of virtual tokens, their keys and the term `key-matching`",
  importance: "the Fisher information and the sensitivity of each parameter",
  logits: "logits of training sequences and the terms `distillation`, `logit-matching`, `label-logit`, `logit-norm`",
  activations: "the magnitudes of the outputs of linear modules",
  "input-moments": "the second moments of the inputs of linear modules",
  attention: "attention probabilities, how sensitive the loss is to each head's, and the term `attention-distillation`",
  constraints: "linear constraints on the gradient (`Update.constraint`)",
  subspaces: "the constraint `subspaces`, which keeps directions of matrices",
  "reverse-distillation": "the term `reverse-distillation`",
  "sparse-adapters": "the term `sparsity`",
} as const;

/** The name of an optional capability. */
export type Capability = keyof typeof capabilities;

export const allCapabilities = Object.keys(capabilities) as Capability[];
