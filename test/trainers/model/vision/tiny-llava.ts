import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../../../harness/contract/digest.js";
import { readRegularFile } from "../../../../harness/contract/files/read-file.js";
import { random } from "../../../../harness/contract/random.js";
import type { ImageFile } from "../../../../trainers/engine/contract.js";
import { readFields } from "../../../../trainers/model/config.js";
import { type NamedTensor, writeSafetensors } from "../../../../trainers/model/safetensors.js";
import { visionOf } from "../../../../trainers/model/vision/llava.js";
import { visionShapes } from "../../../../trainers/model/vision/vision-config.js";
import {
  llamaConfig,
  qwen2Config,
  qwen3Config,
  randomTensors,
  temporaryDirectory,
  writeTinyModel,
} from "../tiny-model.js";

/** The last token of the tiny tokenizer's vocabulary stands for a part of an image. */
export const imageToken = 263;

const clip = {
  model_type: "clip_vision_model",
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  image_size: 28,
  patch_size: 7,
  projection_dim: 8,
};
const siglip = { ...clip, model_type: "siglip_vision_model", patch_size: 9, num_channels: 3 };
const processors = {
  clip: {
    image_processor_type: "CLIPImageProcessor",
    size: { shortest_edge: 28 },
    crop_size: { height: 28, width: 28 },
    resample: 3,
    image_mean: [0.48, 0.46, 0.41],
    image_std: [0.27, 0.26, 0.28],
  },
  siglip: {
    image_processor_type: "SiglipImageProcessor",
    size: { height: 28, width: 28 },
    resample: 2,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  },
};

const common = {
  architectures: ["LlavaForConditionalGeneration"],
  model_type: "llava",
  image_token_index: imageToken,
  tie_word_embeddings: false,
  eos_token_id: 262,
};

/** Models of different towers, projectors and languages: config.json, and how their tensors are named. */
export const variants = {
  "CLIP, the layer before the last, without the class token; Llama": {
    config: { ...common, text_config: llamaConfig(), vision_config: clip, image_seq_length: 16 },
    processor: processors.clip,
    older: false,
  },
  "SigLIP, its last layer; Qwen2 with tied embeddings": {
    config: {
      ...common,
      tie_word_embeddings: true,
      text_config: qwen2Config(),
      vision_config: siglip,
      image_seq_length: 9,
      vision_feature_layer: -1,
      vision_feature_select_strategy: "full",
    },
    processor: processors.siglip,
    older: false,
  },
  "CLIP with exact GELU, its last layer with the class token, a projector without biases; Qwen3, older names": {
    config: {
      ...common,
      text_config: { ...qwen3Config(), tie_word_embeddings: false },
      vision_config: { ...clip, hidden_act: "gelu" },
      image_seq_length: 17,
      vision_feature_layer: -1,
      vision_feature_select_strategy: "full",
      projector_hidden_act: "gelu_pytorch_tanh",
      multimodal_projector_bias: false,
    },
    processor: processors.clip,
    older: true,
  },
};

export type Variant = (typeof variants)[keyof typeof variants];
export const variantNames = Object.keys(variants) as (keyof typeof variants)[];

/** Writes a complete LLaVA directory, as transformers 5 writes it or with the names of version 4; returns its path. */
export function writeTinyLlava(variant: Variant = variants[variantNames[0]!], seed = 1): string {
  const text = variant.config.text_config as Record<string, unknown>;
  const directory = writeTinyModel(text, seed, temporaryDirectory());
  writeFileSync(join(directory, "config.json"), JSON.stringify(variant.config));
  writeFileSync(join(directory, "preprocessor_config.json"), JSON.stringify(variant.processor));
  const { num_hidden_layers: layers } = variant.config.vision_config; // those that are not computed are stored too
  const vision = { ...visionOf(directory, readFields(directory)), layers };
  const shapes = visionShapes(vision, text.hidden_size as number);
  const seen = Object.entries(shapes).map(([name, shape]): NamedTensor => {
    const draw = random({ seed, stream: "tiny-llava", item: name });
    const length = shape.reduce((product, size) => product * size, 1);
    const norm = /norm\d?\.weight$/.test(name);
    return { name, shape, values: Float32Array.from({ length }, () => 0.25 * draw.normal() + (norm ? 1 : 0)) };
  });
  const language = randomTensors(text, seed).map((own) => ({ ...own, name: `language_model.${own.name}` }));
  const tower = variant.older ? "vision_tower.vision_model." : "vision_tower.";
  const named = seen.map((own) => ({ ...own, name: own.name.replace(/^vision_tower\./, tower) }));
  writeSafetensors(join(directory, "model.safetensors"), [...language, ...named]);
  return directory;
}

/** An image of the fixtures. */
export function fixtureImage(name: string): ImageFile {
  const path = join(import.meta.dirname, "../../../fixtures/images", name);
  return { path, digest: sha256(readRegularFile(path)) };
}

/** Tokens with an image of `count` tokens at each null. */
export function withImages(tokens: readonly (number | null)[], count: number): number[] {
  return tokens.flatMap((token) => (token === null ? Array<number>(count).fill(imageToken) : [token]));
}
