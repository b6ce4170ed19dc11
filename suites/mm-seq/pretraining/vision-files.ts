import { pictureSize } from "../pictures/canvas.js";

/** The shape of the tower: a SigLIP. */
export interface TowerShape {
  hidden: number;
  intermediate: number;
  layers: number;
  heads: number;
  patchSize: number;
}

/** What stands for a part of a picture in a text. */
export const imageMark = "<image>";

/** A language model's parsed files. */
export interface LanguageFiles {
  "config.json": { vocab_size: number; eos_token_id: number; bos_token_id: number; pad_token_id: number };
  "generation_config.json": object;
  "tokenizer_config.json": object;
  "tokenizer.json": { added_tokens: object[] };
}

/** The files of a LLaVA directory on a language model besides its weights, by name; one token more than that model has. */
export function visionFiles(language: LanguageFiles, tower: TowerShape): Record<string, object> {
  const { "config.json": text, "tokenizer.json": tokenizer } = language;
  const { vocab_size: imageToken, eos_token_id, bos_token_id, pad_token_id } = text;
  const mark = { id: imageToken, content: imageMark, single_word: false, lstrip: false, rstrip: false };
  const sides = { height: pictureSize, width: pictureSize };
  const middle = [0.5, 0.5, 0.5];
  return {
    "config.json": {
      architectures: ["LlavaForConditionalGeneration"],
      model_type: "llava",
      image_token_index: imageToken,
      image_seq_length: (pictureSize / tower.patchSize) ** 2,
      vision_feature_layer: -1,
      vision_feature_select_strategy: "full",
      projector_hidden_act: "gelu",
      multimodal_projector_bias: true,
      tie_word_embeddings: true,
      ...{ eos_token_id, bos_token_id, pad_token_id },
      text_config: { ...text, vocab_size: imageToken + 1 },
      vision_config: {
        model_type: "siglip_vision_model",
        hidden_size: tower.hidden,
        intermediate_size: tower.intermediate,
        num_hidden_layers: tower.layers,
        num_attention_heads: tower.heads,
        num_channels: 3,
        image_size: pictureSize,
        patch_size: tower.patchSize,
        hidden_act: "gelu_pytorch_tanh",
        layer_norm_eps: 1e-6,
        vision_use_head: false,
      },
      torch_dtype: "float32",
    },
    "preprocessor_config.json": {
      image_processor_type: "SiglipImageProcessor",
      size: sides,
      resample: 3,
      image_mean: middle,
      image_std: middle,
    },
    "processor_config.json": {
      processor_class: "LlavaProcessor",
      patch_size: tower.patchSize,
      vision_feature_select_strategy: "full",
      image_token: imageMark,
    },
    "generation_config.json": language["generation_config.json"],
    "tokenizer_config.json": { ...language["tokenizer_config.json"], image_token: imageMark },
    "tokenizer.json": {
      ...tokenizer,
      added_tokens: [...tokenizer.added_tokens, { ...mark, normalized: false, special: true }],
    },
  };
}
