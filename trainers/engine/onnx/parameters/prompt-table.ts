import { random } from "../../../../harness/contract/random.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import { keyTensor, promptTensor } from "../../../model/prompt-files.js";
import type { PromptOptions } from "../../contract.js";
import { ParameterStore } from "./parameter-store.js";

/** Soft prompts (Lester et al., 2104.08691): trained embeddings that are prepended to a sequence's own. */
export class PromptTable {
  readonly store: ParameterStore;

  /**
   * Each virtual token starts as the embedding of a token drawn from the vocabulary (Lester et al., section 3.2), each
   * key uniform in ±1.
   */
  constructor(
    config: DecoderConfig,
    readonly options: PromptOptions,
    base: ParameterStore,
    seed: number,
  ) {
    const { virtualTokens, keys } = options;
    const { hidden, vocabulary } = config;
    this.store = new ParameterStore({
      [promptTensor]: [virtualTokens, hidden],
      ...(keys > 0 ? { [keyTensor]: [keys, hidden] } : {}),
    });
    const embeddings = base.view("model.embed_tokens.weight");
    const prompts = this.store.view(promptTensor);
    for (let row = 0; row < virtualTokens; row++) {
      const token = random({ seed, stream: "prompt-initialisation", item: row }).integer(vocabulary);
      prompts.set(embeddings.subarray(token * hidden, (token + 1) * hidden), row * hidden);
    }
    for (let key = 0; key < keys; key++) {
      const draw = random({ seed, stream: "key-initialisation", item: key });
      const values = this.store.view(keyTensor).subarray(key * hidden, (key + 1) * hidden);
      for (let i = 0; i < hidden; i++) values[i] = 2 * draw.uniform() - 1;
    }
  }

  /** The current keys, one per row. */
  keys(): Float32Array[] {
    if (this.options.keys === 0) return [];
    const values = this.store.view(keyTensor);
    const width = values.length / this.options.keys;
    return Array.from({ length: this.options.keys }, (_, key) => values.slice(key * width, (key + 1) * width));
  }
}
