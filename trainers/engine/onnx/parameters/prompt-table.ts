import { type DecoderConfig, embeddingTensor } from "../../../model/decoder-config.js";
import { keyTensor, promptTensor } from "../../../model/prompt-files.js";
import type { PromptOptions } from "../../contract.js";
import { startKeys, startPrompts } from "../../starts.js";
import { ParameterStore } from "./parameter-store.js";

/** Soft prompts (Lester et al., 2104.08691): trained embeddings that are prepended to a sequence's own. */
export class PromptTable {
  readonly store: ParameterStore;

  /** See `startPrompts` and `startKeys`. */
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
    const prompts = this.store.view(promptTensor);
    for (const [row, token] of startPrompts(virtualTokens, vocabulary, seed).entries()) {
      prompts.set(base.row(embeddingTensor, token), row * hidden);
    }
    if (keys > 0) this.store.view(keyTensor).set(startKeys(keys, hidden, seed));
  }
}
