import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../../../harness/contract/random.js";
import { type NamedTensor, writeSafetensors } from "../../../trainers/model/safetensors.js";

export const endText = "<|endoftext|>";

/** A new directory. */
export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), "bench-model-"));

/** The printable characters that byte-level BPE writes for the bytes 0 to 255 (GPT-2's table). */
function byteCharacters(): string[] {
  const kept = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(kept(byte) ? byte : next++));
}

/** A byte-level BPE tokenizer with a handful of merges, as `tokenizers` saves it. */
export function tinyTokenizer(): Record<string, unknown> {
  const merges: [string, string][] = [
    ["t", "h"],
    ["th", "e"],
    ["Ġ", "the"],
    ["i", "n"],
    ["Ġ", "a"],
    ["e", "r"],
  ];
  const tokens = [...byteCharacters(), ...merges.map(([left, right]) => left + right)];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: tokens.length,
        content: endText,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

export interface TinyShape {
  hidden: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  intermediate: number;
  vocabulary: number;
}

export const tinyShape: TinyShape = {
  hidden: 32,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  intermediate: 48,
  vocabulary: 264,
};

/** config.json of a tiny Qwen2, as transformers writes it. */
export function qwen2Config(shape = tinyShape): Record<string, unknown> {
  return {
    architectures: ["Qwen2ForCausalLM"],
    model_type: "qwen2",
    vocab_size: shape.vocabulary,
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    hidden_act: "silu",
    max_position_embeddings: 256,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    use_sliding_window: false,
    tie_word_embeddings: true,
    torch_dtype: "float32",
    eos_token_id: 262,
  };
}

/** config.json of a tiny Llama with untied embeddings and Llama 3's RoPE scaling. */
export function llamaConfig(shape = tinyShape): Record<string, unknown> {
  return {
    ...qwen2Config(shape),
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    attention_bias: false,
    mlp_bias: false,
    head_dim: 12,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
    rope_theta: 500,
    rope_scaling: {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 32,
    },
  };
}

/** config.json of a tiny Qwen3: heads of a size of their own, whose queries and keys are normalized; no biases. */
export function qwen3Config(shape = tinyShape): Record<string, unknown> {
  return {
    ...qwen2Config(shape),
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    attention_bias: false,
    head_dim: 12,
  };
}

/** Every tensor that a config asks for, in transformers' names, with random values. */
export function randomTensors(config: Record<string, unknown>, seed: number): NamedTensor[] {
  const size = (key: string) => config[key] as number;
  const [hidden, intermediate, vocabulary] = [size("hidden_size"), size("intermediate_size"), size("vocab_size")];
  const headSize = (config.head_dim as number | undefined) ?? hidden / size("num_attention_heads");
  const queries = headSize * size("num_attention_heads");
  const keys = headSize * size("num_key_value_heads");
  const shapes: [string, number[]][] = [["model.embed_tokens.weight", [vocabulary, hidden]]];
  for (let layer = 0; layer < size("num_hidden_layers"); layer++) {
    const at = `model.layers.${layer}`;
    shapes.push(
      [`${at}.input_layernorm.weight`, [hidden]],
      [`${at}.self_attn.q_proj.weight`, [queries, hidden]],
      [`${at}.self_attn.k_proj.weight`, [keys, hidden]],
      [`${at}.self_attn.v_proj.weight`, [keys, hidden]],
      [`${at}.self_attn.o_proj.weight`, [hidden, queries]],
      [`${at}.post_attention_layernorm.weight`, [hidden]],
      [`${at}.mlp.gate_proj.weight`, [intermediate, hidden]],
      [`${at}.mlp.up_proj.weight`, [intermediate, hidden]],
      [`${at}.mlp.down_proj.weight`, [hidden, intermediate]],
    );
    if (config.model_type === "qwen3") {
      shapes.push([`${at}.self_attn.q_norm.weight`, [headSize]], [`${at}.self_attn.k_norm.weight`, [headSize]]);
    }
    const attention = config.model_type === "qwen2" || config.attention_bias === true;
    if (attention) {
      shapes.push(
        [`${at}.self_attn.q_proj.bias`, [queries]],
        [`${at}.self_attn.k_proj.bias`, [keys]],
        [`${at}.self_attn.v_proj.bias`, [keys]],
      );
    }
    if (config.attention_bias === true) shapes.push([`${at}.self_attn.o_proj.bias`, [hidden]]);
    if (config.mlp_bias === true) {
      shapes.push(
        [`${at}.mlp.gate_proj.bias`, [intermediate]],
        [`${at}.mlp.up_proj.bias`, [intermediate]],
        [`${at}.mlp.down_proj.bias`, [hidden]],
      );
    }
  }
  shapes.push(["model.norm.weight", [hidden]]);
  if (config.tie_word_embeddings !== true) shapes.push(["lm_head.weight", [vocabulary, hidden]]);
  return shapes.map(([name, shape]) => {
    const stream = random({ seed, stream: "tiny-model", item: name });
    const length = shape.reduce((product, extent) => product * extent, 1);
    const norm = name.endsWith("norm.weight");
    const scale = name.includes("embed") ? 0.8 : 1.2 / Math.sqrt(hidden);
    return { name, shape, values: Float32Array.from({ length }, () => stream.normal() * scale + (norm ? 1 : 0)) };
  });
}

/** Writes a complete model directory and returns its path. */
export function writeTinyModel(config = qwen2Config(), seed = 1, directory = temporaryDirectory()): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "config.json"), JSON.stringify(config));
  writeFileSync(join(directory, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
  writeFileSync(
    join(directory, "tokenizer_config.json"),
    JSON.stringify({
      tokenizer_class: "PreTrainedTokenizerFast",
      eos_token: endText,
      bos_token: null,
      chat_template:
        "{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
    }),
  );
  writeSafetensors(join(directory, "model.safetensors"), randomTensors(config, seed));
  return directory;
}
