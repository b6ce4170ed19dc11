import { type VisionConfig, visionShapes } from "./vision/vision-config.js";

/** Scaling of rotary frequencies for long contexts, by the names of Hugging Face's `rope_scaling`. */
export type RopeScaling =
  | { kind: "linear"; factor: number }
  | {
      kind: "llama3";
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalContextLength: number;
    };

/** The sizes and switches of a decoder of the Llama family (Llama, Mistral, SmolLM, Qwen2, Qwen3): RMSNorm, RoPE, SwiGLU. */
export interface DecoderConfig {
  vocabulary: number;
  hidden: number;
  layers: number;
  heads: number;
  /** Fewer than `heads`: grouped-query attention. */
  keyValueHeads: number;
  headDimension: number;
  intermediate: number;
  contextLength: number;
  ropeTheta: number;
  ropeScaling?: RopeScaling;
  rmsEpsilon: number;
  /** The head is the embedding. */
  tied: boolean;
  /** Biases on the query, key and value projections (Qwen2; Llama's `attention_bias`). */
  attentionBias: boolean;
  /** A bias on the attention's output projection too (Llama's `attention_bias`, not Qwen2's). */
  outputBias: boolean;
  /** Biases on the three projections of the feed-forward part (Llama's `mlp_bias`). */
  feedForwardBias: boolean;
  /** What images are seen with; absent where the model takes text alone. */
  vision?: VisionConfig;
}

/** Shapes of tensors by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

export type Biases = Pick<DecoderConfig, "attentionBias" | "outputBias" | "feedForwardBias">;

/** Linear modules of a layer, by their Hugging Face names, with the shape [out, in] of their weights. */
export function linearModules(
  config: DecoderConfig,
): Record<string, { module: string; shape: [number, number]; bias: boolean }> {
  const { hidden, intermediate, heads, keyValueHeads, headDimension } = config;
  const query = heads * headDimension;
  const keyValue = keyValueHeads * headDimension;
  const { attentionBias, outputBias, feedForwardBias } = config;
  return {
    q_proj: { module: "self_attn.q_proj", shape: [query, hidden], bias: attentionBias },
    k_proj: { module: "self_attn.k_proj", shape: [keyValue, hidden], bias: attentionBias },
    v_proj: { module: "self_attn.v_proj", shape: [keyValue, hidden], bias: attentionBias },
    o_proj: { module: "self_attn.o_proj", shape: [hidden, query], bias: outputBias },
    gate_proj: { module: "mlp.gate_proj", shape: [intermediate, hidden], bias: feedForwardBias },
    up_proj: { module: "mlp.up_proj", shape: [intermediate, hidden], bias: feedForwardBias },
    down_proj: { module: "mlp.down_proj", shape: [hidden, intermediate], bias: feedForwardBias },
  };
}

/** The table of embeddings, [vocabulary, hidden]; of a tied model it is the head, too. */
export const embeddingTensor = "model.embed_tokens.weight";

/**
 * Every tensor of a model by its Hugging Face name, in the order in which engines keep them: matrices, then vectors.
 *
 * @param layerVectors of each layer, besides its norms and biases.
 */
export function decoderShapes(config: DecoderConfig, layerVectors: Shapes = {}): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {
    [embeddingTensor]: [config.vocabulary, config.hidden],
  };
  const modules = Object.values(linearModules(config));
  const layers = Array.from({ length: config.layers }, (_, layer) => `model.layers.${layer}`);
  for (const layer of layers) for (const { module, shape } of modules) shapes[`${layer}.${module}.weight`] = shape;
  if (!config.tied) shapes["lm_head.weight"] = [config.vocabulary, config.hidden];
  for (const layer of layers) {
    shapes[`${layer}.input_layernorm.weight`] = [config.hidden];
    shapes[`${layer}.post_attention_layernorm.weight`] = [config.hidden];
    for (const [vector, shape] of Object.entries(layerVectors)) shapes[`${layer}.${vector}`] = shape;
    for (const { module, shape, bias } of modules) if (bias) shapes[`${layer}.${module}.bias`] = [shape[0]];
  }
  shapes["model.norm.weight"] = [config.hidden];
  return config.vision ? { ...shapes, ...visionShapes(config.vision, config.hidden) } : shapes;
}
