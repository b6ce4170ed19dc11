import type { Decoding, Generation } from "../../../../harness/contract/trainer.js";
import type { EngineRequest, Written } from "../../contract.js";
import { type AnswerTokenizer, checkLength } from "../../requests.js";
import type { InferenceModel } from "./inference.js";
import { RunningBatch } from "./running-batch.js";

/** Where all requests are there from the beginning: nobody waits for the next token of one. */
const limits = { prefixBytes: 32 * 2 ** 20, cacheBytes: 128 * 2 ** 20, promptTokens: Number.POSITIVE_INFINITY };

/**
 * Continues each prompt. The results are in the requests' order; they are the same for any order and number of requests.
 * Throws DATA_INVALID on a prompt that is empty or leaves no room in the model's context.
 */
export async function generate(
  model: InferenceModel,
  tokenizer: AnswerTokenizer,
  requests: readonly EngineRequest[],
  decoding: Decoding,
  written?: Written,
): Promise<Generation[]> {
  const { config } = model;
  for (const { id, tokens } of requests) checkLength(id, tokens.length, config.contextLength - 1);
  const batch = new RunningBatch(config, () => model, tokenizer, limits);
  const answers = await batch.answerAll(requests, decoding, written);
  return answers.map(({ cachedTokens: _, ...answer }) => answer);
}
