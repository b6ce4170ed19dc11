import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { LlamaConfig, RopeScaling } from "../engine/onnx/llama-config.js";
import { readJsonFile } from "./json-file.js";

/** A model as its `config.json` describes it. */
export interface ModelDescription {
  /** The class in transformers, such as Qwen2ForCausalLM. */
  architecture: string;
  config: LlamaConfig;
}

type Biases = Pick<LlamaConfig, "attentionBias" | "outputBias" | "feedForwardBias">;

/** Which linear layers of an architecture carry a bias. Qwen2 fixes them, Llama leaves them to its configuration. */
const architectures: Record<string, (fields: Fields) => Biases> = {
  LlamaForCausalLM: (fields) => ({
    attentionBias: fields.flag("attention_bias"),
    outputBias: fields.flag("attention_bias"),
    feedForwardBias: fields.flag("mlp_bias"),
  }),
  MistralForCausalLM: () => ({ attentionBias: false, outputBias: false, feedForwardBias: false }),
  Qwen2ForCausalLM: () => ({ attentionBias: true, outputBias: false, feedForwardBias: false }),
};

/**
 * Reads `config.json` of a Llama-family model. Throws MODEL_INVALID where it is malformed or asks for what this family
 * does not compute.
 */
export function readConfig(directory: string): ModelDescription {
  const file = join(directory, "config.json");
  const fields = new Fields(file, readJsonFile(file));
  const architecture = fields.architecture();
  refuseVariants(fields);
  const heads = fields.size("num_attention_heads");
  const hidden = fields.size("hidden_size");
  const keyValueHeads = fields.size("num_key_value_heads", heads);
  const headDimension = fields.size("head_dim", hidden / heads);
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
    ...architectures[architecture]!(fields),
    ...rotaryEmbedding(fields),
  };
  return { architecture, config };
}

/** The fields of one config.json, checked as they are read. */
class Fields {
  constructor(
    private readonly file: string,
    readonly values: Record<string, unknown>,
  ) {}

  architecture(): string {
    const name = [this.values.architectures].flat()[0];
    if (typeof name === "string" && name in architectures) return name;
    throw new BenchError("MODEL_INVALID", `The architecture ${name ?? "(none named)"} is not supported.`, {
      at: { file: this.file },
      fix: `Use a model of one of these architectures: ${Object.keys(architectures).join(", ")}.`,
    });
  }

  number(key: string, fallback?: number): number {
    const value = this.values[key] ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
    throw this.invalid(`${key} must be a positive number, not ${JSON.stringify(value)}`);
  }

  size(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (Number.isInteger(value)) return value;
    throw this.invalid(`${key} must be a whole number, not ${value}`);
  }

  flag(key: string): boolean {
    return this.values[key] === true;
  }

  within(values: Record<string, unknown>): Fields {
    return new Fields(this.file, values);
  }

  invalid(what: string, fix = "Correct the value, or download the model's config.json again."): BenchError {
    return new BenchError("MODEL_INVALID", `${what}.`, { at: { file: this.file }, fix });
  }
}

/** Refuses what would change the function that is computed: windows, other activations, quantized weights. */
function refuseVariants(fields: Fields): void {
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

/** transformers 5 writes `rope_parameters`; before it stood `rope_theta` beside `rope_scaling`. */
function rotaryEmbedding(fields: Fields): Pick<LlamaConfig, "ropeTheta" | "ropeScaling"> {
  const { rope_parameters: joined, rope_scaling: scaling, rope_theta: theta } = fields.values;
  const rope = fields.within({ rope_theta: theta, ...(scaling as object | null), ...(joined as object | null) });
  const ropeTheta = rope.number("rope_theta", 10_000);
  const ropeScaling = readScaling(rope);
  return ropeScaling === null ? { ropeTheta } : { ropeTheta, ropeScaling };
}

function readScaling(rope: Fields): RopeScaling | null {
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
