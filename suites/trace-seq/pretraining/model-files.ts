import { join } from "node:path";
import { writeFileAtomically } from "../../../harness/contract/files.js";
import { specialTokens } from "./byte-pair-encoding.js";
import type { ModelShape } from "./initial-weights.js";

/** Writes the files of a Hugging Face model directory besides its weights: configurations and the tokenizer. */
export function writeModelFiles(directory: string, shape: ModelShape, tokenizer: object): void {
  const [pad, begin, end] = [0, 1, 2];
  const files = {
    "config.json": {
      architectures: ["Qwen2ForCausalLM"],
      model_type: "qwen2",
      vocab_size: shape.vocabulary,
      hidden_size: shape.hidden,
      intermediate_size: shape.intermediate,
      num_hidden_layers: shape.layers,
      num_attention_heads: shape.heads,
      num_key_value_heads: shape.heads,
      max_position_embeddings: shape.contextLength,
      rope_theta: shape.ropeTheta,
      hidden_act: "silu",
      rms_norm_eps: 1e-6,
      tie_word_embeddings: true,
      use_sliding_window: false,
      attention_dropout: 0,
      pad_token_id: pad,
      bos_token_id: begin,
      eos_token_id: end,
      torch_dtype: "float32",
    },
    "generation_config.json": { pad_token_id: pad, bos_token_id: begin, eos_token_id: end, do_sample: false },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      pad_token: specialTokens.pad,
      bos_token: specialTokens.begin,
      eos_token: specialTokens.end,
      model_max_length: shape.contextLength,
      clean_up_tokenization_spaces: false,
    },
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileAtomically(join(directory, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  writeFileAtomically(join(directory, "tokenizer.json"), `${JSON.stringify(tokenizer)}\n`);
}
