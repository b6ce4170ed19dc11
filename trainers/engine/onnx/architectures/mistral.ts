import type { DecoderArchitecture } from "../decoder/architecture.js";

/** Mistral (2310.06825) without its sliding window: the plain decoder, no biases. */
export const mistral: DecoderArchitecture = {
  name: "MistralForCausalLM",
  biases: () => ({ attentionBias: false, outputBias: false, feedForwardBias: false }),
};
