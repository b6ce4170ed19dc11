import { BenchError } from "../../harness/contract/errors.js";
import type { Decoding, Generation } from "../../harness/contract/trainer.js";
import type { EngineRequest, Tokenizer } from "./contract.js";
import type { Vector } from "./objective.js";

/** What of a tokenizer generation needs. */
export type AnswerTokenizer = Pick<Tokenizer, "endTokens" | "decode">;

/** Throws DATA_INVALID unless a sequence has 1 to `most` tokens. */
export function checkLength(id: string, length: number, most: number): void {
  if (length >= 1 && length <= most) return;
  throw new BenchError("DATA_INVALID", `The input "${id}" has ${length} tokens; the model takes 1 to ${most}.`, {
    fix: "Shorten the input, or use a model with a longer context.",
  });
}

/** Whether requests can join others that are under way: of text alone, to the model's own weights. */
export const joinable = (requests: readonly EngineRequest[]): boolean =>
  requests.every(({ images = [], weights }) => images.length === 0 && weights === undefined);

/** Answers requests, those that name equal weights together, in the requests' order. */
export async function byWeights<R extends EngineRequest, T>(
  requests: readonly R[],
  compute: (requests: readonly R[], weights: Vector | undefined) => Promise<T[]>,
): Promise<T[]> {
  const answers: T[] = [];
  for (const weights of new Set(requests.map((request) => request.weights))) {
    const indices = requests.flatMap((request, index) => (request.weights === weights ? [index] : []));
    const own = await compute(
      indices.map((index) => requests[index]!),
      weights,
    );
    indices.forEach((index, i) => {
      answers[index] = own[i]!;
    });
  }
  return answers;
}

/**
 * The generation of an answer that has come to its end, else null.
 *
 * @param limit most tokens of the answer.
 */
export function finished(
  { tokens, limit }: { tokens: readonly number[]; limit: number },
  tokenizer: AnswerTokenizer,
  { stop = [] }: Decoding,
): Generation | null {
  const ended = tokenizer.endTokens.includes(tokens.at(-1)!);
  if (!ended && tokens.length < limit && stop.length === 0) return null;
  const text = tokenizer.decode(ended ? tokens.slice(0, -1) : tokens);
  const stops = stop.map((mark) => text.indexOf(mark)).filter((index) => index >= 0);
  const count = tokens.length;
  if (stops.length > 0) return { text: text.slice(0, Math.min(...stops)), tokens: count, finishReason: "stop" };
  if (ended) return { text, tokens: count, finishReason: "end" };
  return count < limit ? null : { text, tokens: count, finishReason: "length" };
}

/** The answer up to where it ends by itself, by a stop mark or by its limit. */
export function ending(
  tokens: readonly number[],
  limit: number,
  tokenizer: AnswerTokenizer,
  decoding: Decoding,
): Generation {
  const first = decoding.stop === undefined ? tokens.length : 1;
  for (let count = first; count <= tokens.length; count++) {
    const found = finished({ tokens: tokens.slice(0, count), limit }, tokenizer, decoding);
    if (found !== null) return found;
  }
  return { text: tokenizer.decode(tokens), tokens: tokens.length, finishReason: "stop" };
}
