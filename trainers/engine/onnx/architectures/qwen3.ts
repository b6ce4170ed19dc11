import type { DecoderArchitecture } from "../decoder/architecture.js";
import { Decoder, type Heads } from "../decoder/decoder.js";
import type { Value } from "../graph/graph.js";
import { rmsNorm } from "../graph/operators/index.js";

/** The head of a query or a key is normalized before it is rotated. */
class Qwen3Decoder extends Decoder {
  protected override heads(layer: number, kind: Heads, x: Value): Value {
    const weight = this.tensor(`model.layers.${layer}.self_attn.${kind === "queries" ? "q_norm" : "k_norm"}.weight`);
    return rmsNorm(super.heads(layer, kind, x), weight, this.config.rmsEpsilon);
  }
}

/** Qwen3 (2505.09388): RMS norms on the heads of queries and keys, a separate head size, biases only if configured. */
export const qwen3: DecoderArchitecture = {
  name: "Qwen3ForCausalLM",
  headDimension: 128,
  biases: (fields) => ({
    attentionBias: fields.flag("attention_bias"),
    outputBias: fields.flag("attention_bias"),
    feedForwardBias: false,
  }),
  layerVectors: ({ headDimension }) => ({
    "self_attn.q_norm.weight": [headDimension],
    "self_attn.k_norm.weight": [headDimension],
  }),
  decoder: Qwen3Decoder,
};
