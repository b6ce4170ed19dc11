import { BenchError } from "../../harness/contract/errors.js";
import type { Biases, DecoderConfig, Shapes } from "./decoder-config.js";

/**
 * An architecture as its files show it, where it differs from a plain decoder (see `DecoderConfig`). An engine extends
 * this by how the architecture is computed.
 */
export interface Architecture {
  /** The class in transformers, as `architectures` of config.json has it. */
  readonly name: string;
  /** Which linear modules carry a bias. */
  biases(fields: ConfigFields): Biases;
  /** The head's size where config.json does not say it; hidden_size / num_attention_heads unless given. */
  readonly headDimension?: number;
  /** Vectors of a layer besides its norms and biases, such as self_attn.q_norm.weight, with their shapes. */
  layerVectors?(config: DecoderConfig): Shapes;
}

/** No size of a model is larger; offsets are 32-bit numbers in places. */
const largestSize = 2 ** 31 - 1;

/** The fields of one config.json, checked as they are read. */
export class ConfigFields {
  constructor(
    readonly file: string,
    readonly values: Record<string, unknown>,
  ) {}

  /** The class in transformers that it names first; undefined where it names none. */
  get architecture(): string | undefined {
    const name = [this.values.architectures].flat()[0];
    return typeof name === "string" ? name : undefined;
  }

  number(key: string, fallback?: number): number {
    const value = this.values[key] ?? fallback;
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
    throw this.invalid(`${key} must be a positive number, not ${JSON.stringify(value)}`);
  }

  size(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (Number.isInteger(value) && value <= largestSize) return value;
    throw this.invalid(`${key} must be a whole number of at most ${largestSize}, not ${value}`);
  }

  flag(key: string): boolean {
    return this.values[key] === true;
  }

  within(values: Record<string, unknown>): ConfigFields {
    return new ConfigFields(this.file, values);
  }

  invalid(what: string, fix = "Correct the value, or download the model's config.json again."): BenchError {
    return new BenchError("MODEL_INVALID", `${what}.`, { at: { file: this.file }, fix });
  }
}
