/** JSON schema of what every low-rank adapter asks for, beside its rank. */
export const adapterSchema = {
  alpha: { type: "number", exclusiveMinimum: 0, default: 32, description: "The adapter is scaled by alpha / rank." },
  dropout: {
    type: "number",
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description: "Share of the adapter's inputs that is dropped in training.",
  },
  targetModules: {
    type: "array",
    items: { type: "string" },
    minItems: 1,
    default: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    description: "Last components of the names of the adapted modules.",
  },
};

/** JSON schema of `LoraOptions`. */
export const loraSchema = {
  rank: { type: "integer", minimum: 1, default: 8, description: "Rows of A and columns of B." },
  ...adapterSchema,
};
