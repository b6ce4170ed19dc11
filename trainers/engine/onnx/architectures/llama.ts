import type { DecoderArchitecture } from "../decoder/architecture.js";

/** Llama 2 and 3 (2307.09288, 2407.21783) and SmolLM2: the plain decoder; its configuration says which biases there are. */
export const llama: DecoderArchitecture = {
  name: "LlamaForCausalLM",
  biases: (fields) => ({
    attentionBias: fields.flag("attention_bias"),
    outputBias: fields.flag("attention_bias"),
    feedForwardBias: fields.flag("mlp_bias"),
  }),
};
