import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { type Architecture, ConfigFields } from "./architecture.js";
import type { DecoderConfig, RopeScaling } from "./decoder-config.js";
import { readJsonFile } from "./json-file.js";
import { languageFields, llava, visionOf } from "./vision/llava.js";

/** A model as its `config.json` describes it. */
export interface ModelDescription<A extends Architecture = Architecture> {
  architecture: A;
  config: DecoderConfig;
}

/** The fields of a directory's config.json. Throws MODEL_INVALID where it is absent or malformed. */
export function readFields(directory: string): ConfigFields {
  const file = join(directory, "config.json");
  return new ConfigFields(file, readJsonFile(file));
}

/**
 * Reads `config.json` of a Llama-family model, or of a LLaVA model whose language model is one. Throws MODEL_INVALID where it is malformed or asks for what this family
 * does not compute.
 */
export function readConfig<A extends Architecture>(
  directory: string,
  architectures: readonly A[],
): ModelDescription<A> {
  const fields = readFields(directory);
  if (fields.architecture !== llava) return readDecoder(fields, architectures);
  const { architecture, config } = readDecoder(languageFields(fields), architectures);
  const vision = visionOf(directory, fields);
  if (vision.imageToken >= config.vocabulary) {
    throw fields.invalid(`image_token_index is ${vision.imageToken}; the vocabulary has ${config.vocabulary} tokens`);
  }
  return { architecture: { ...architecture, name: llava }, config: { ...config, vision } };
}

function readDecoder<A extends Architecture>(fields: ConfigFields, architectures: readonly A[]): ModelDescription<A> {
  const architecture = architectureOf(fields, architectures);
  refuseVariants(fields);
  const heads = fields.size("num_attention_heads");
  const hidden = fields.size("hidden_size");
  const keyValueHeads = fields.size("num_key_value_heads", heads);
  const headDimension = fields.size("head_dim", architecture.headDimension ?? hidden / heads);
  if (heads % keyValueHeads !== 0) {
    throw fields.invalid(`num_attention_heads (${heads}) is no multiple of num_key_value_heads (${keyValueHeads})`);
  }
  if (headDimension % 2 !== 0) {
    throw fields.invalid(`head_dim is ${headDimension}; rotary embeddings need an even number`);
  }
  const config = {
    vocabulary: fields.size("vocab_size"),
    hidden,
    layers: fields.size("num_hidden_layers"),
    heads,
    keyValueHeads,
    headDimension,
    intermediate: fields.size("intermediate_size"),
    contextLength: fields.size("max_position_embeddings"),
    rmsEpsilon: fields.number("rms_norm_eps", 1e-6),
    tied: fields.flag("tie_word_embeddings"),
    ...architecture.biases(fields),
    ...rotaryEmbedding(fields),
  };
  return { architecture, config };
}

/**
 * Whether a directory is of one of the architectures, without variants that `readConfig` refuses; also where its
 * config.json is malformed, or of a LLaVA model of whatever variant, which `readConfig` says.
 */
export function isPlainDecoder(directory: string, architectures: readonly Architecture[]): boolean {
  let fields: ConfigFields;
  try {
    fields = readFields(directory);
  } catch {
    return true;
  }
  if (fields.architecture === llava) return true;
  if (!architectures.some(({ name }) => name === fields.architecture)) return fields.architecture === undefined;
  try {
    refuseVariants(fields);
    rotaryEmbedding(fields);
    return true;
  } catch {
    return false;
  }
}

function architectureOf<A extends Architecture>(fields: ConfigFields, architectures: readonly A[]): A {
  const name = fields.architecture;
  const found = architectures.find((architecture) => architecture.name === name);
  if (found !== undefined) return found;
  throw new BenchError("MODEL_INVALID", `The architecture ${name ?? "(none named)"} is not supported.`, {
    at: { file: fields.file },
    fix: `Use a model of one of these architectures: ${architectures.map((known) => known.name).join(", ")}.`,
  });
}

/** Refuses what would change the function that is computed: windows, other activations, quantized weights. */
function refuseVariants(fields: ConfigFields): void {
  const { values } = fields;
  const activation = values.hidden_act ?? "silu";
  if (activation !== "silu") throw fields.invalid(`hidden_act is ${activation}`, "Use a model with SwiGLU (silu).");
  const window = values.use_sliding_window === false ? null : values.sliding_window;
  const layerTypes = [values.layer_types ?? []].flat();
  const narrow = typeof window === "number" && window < fields.size("max_position_embeddings");
  if (narrow || layerTypes.some((type) => type !== "full_attention")) {
    throw fields.invalid(
      "The model attends within a sliding window, which is not supported",
      "Use a model with full attention, or lower max_position_embeddings to sliding_window where they are equivalent.",
    );
  }
  if (values.quantization_config != null) {
    throw fields.invalid("The weights are quantized", "Use the model in float32, float16 or bfloat16.");
  }
  if ((values.partial_rotary_factor ?? 1) !== 1) {
    throw fields.invalid("partial_rotary_factor is not 1", "Use a model whose heads rotate as a whole.");
  }
}

/** transformers 5 writes `rope_parameters`; earlier versions wrote `rope_theta` and `rope_scaling`. */
function rotaryEmbedding(fields: ConfigFields): Pick<DecoderConfig, "ropeTheta" | "ropeScaling"> {
  const { rope_parameters: joined, rope_scaling: scaling, rope_theta: theta } = fields.values;
  const rope = fields.within({ rope_theta: theta, ...(scaling as object | null), ...(joined as object | null) });
  const ropeTheta = rope.number("rope_theta", 10_000);
  const ropeScaling = readScaling(rope);
  return ropeScaling === null ? { ropeTheta } : { ropeTheta, ropeScaling };
}

function readScaling(rope: ConfigFields): RopeScaling | null {
  const kind = rope.values.rope_type ?? rope.values.type ?? "default";
  switch (kind) {
    case "default":
      return null;
    case "linear":
      return { kind: "linear", factor: rope.number("factor") };
    case "llama3":
      return {
        kind: "llama3",
        factor: rope.number("factor"),
        lowFrequencyFactor: rope.number("low_freq_factor"),
        highFrequencyFactor: rope.number("high_freq_factor"),
        originalContextLength: rope.size("original_max_position_embeddings"),
      };
    default:
      throw rope.invalid(
        `RoPE scaling ${JSON.stringify(kind)} is not supported`,
        "Use default, linear or llama3 scaling.",
      );
  }
}
