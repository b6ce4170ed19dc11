import type { Model } from "../../engine/contract.js";

/** The logarithm of each text's perplexity under a model, nats per token; of texts of one token or none: 0. */
export async function logPerplexity(model: Model, texts: readonly string[]): Promise<number[]> {
  const { tokenizer, contextLength } = model;
  const begin = tokenizer.beginToken === null ? [] : [tokenizer.beginToken];
  const requests = texts.map((text, index) => {
    const [first = tokenizer.endToken, ...continuation] = [...begin, ...tokenizer.encode(text)].slice(0, contextLength);
    return { id: `${index}`, tokens: [first], continuation };
  });
  const scores = await model.score(requests);
  return scores.map((score, index) => 0 - score / Math.max(1, requests[index]!.continuation.length));
}
