import type { TextMeasure } from "../../harness/contract/plugin.js";
import type { Architecture } from "./architecture.js";
import { readConfig } from "./config.js";
import { openTokenizer } from "./tokenizer/tokenizer.js";
import { tokensOfImage } from "./vision/vision-config.js";

/** Tokens of prompt and answer together, where no option says otherwise. */
export const defaultMaxTokens = 1024;

/** Lengths in the tokens of a model, as its prompts and answers are encoded. */
export function measureTexts(directory: string, architectures: readonly Architecture[]): TextMeasure {
  const { contextLength, vision } = readConfig(directory, architectures).config;
  return { ...textMeasure(directory, contextLength), ...(vision && { image: tokensOfImage(vision) }) };
}

/** Lengths in the tokens of a model with a context of so many tokens. */
export function textMeasure(directory: string, contextLength: number): TextMeasure {
  const { encode } = openTokenizer(directory);
  return {
    answer: (text) => encode(` ${text}`).length + 1,
    prompt: (text) => encode(text).length,
    longest: Math.min(contextLength, defaultMaxTokens),
  };
}
