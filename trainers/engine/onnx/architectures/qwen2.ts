import type { DecoderArchitecture } from "../decoder/architecture.js";

/** Qwen2 (2407.10671): the plain decoder with biases on queries, keys and values. */
export const qwen2: DecoderArchitecture = {
  name: "Qwen2ForCausalLM",
  biases: () => ({ attentionBias: true, outputBias: false, feedForwardBias: false }),
};
