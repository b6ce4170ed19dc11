import { Type } from "../../../harness/contract/type.js";

/** Last components of the names of a decoder layer's linear modules. */
export const linearModules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/** What every low-rank adapter asks for in addition to its rank. */
export const adapterOptions = {
  alpha: Type.Number({ exclusiveMinimum: 0, default: 32, description: "The adapter is scaled by alpha / rank." }),
  dropout: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description: "Share of the adapter's inputs that is dropped in training.",
  }),
  targetModules: Type.Array(Type.String(), {
    minItems: 1,
    default: linearModules,
    description: "Last components of the names of the adapted modules.",
  }),
};

/** Options of every LoRA adapter. */
export const loraOptions = {
  rank: Type.Integer({ minimum: 1, default: 8, description: "Rows of A and columns of B." }),
  ...adapterOptions,
};
