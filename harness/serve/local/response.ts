import type { FinishReason } from "../../contract/trainer.js";
import type { ApiCall, PromptTokens } from "../api.js";
import type { Answered } from "./messages.js";

/** The last line of a stream. */
export const endOfStream = "data: [DONE]\n\n";

const reasons: Record<FinishReason, string> = {
  end: "stop",
  stop: "stop",
  length: "length",
  filtered: "content_filter",
  failed: "stop",
};

/** The body of an answer that is given at once. */
export function completionText(call: ApiCall, answers: readonly Answered[]): string {
  const choices = answers.map(({ text, finishReason }, index) => ({
    index,
    ...(call.path === "completions" ? { text } : { message: { role: "assistant", content: text, refusal: null } }),
    ...{ logprobs: null, finish_reason: reasons[finishReason] },
  }));
  return JSON.stringify({ ...head(call, ""), choices, usage: usageOf(answers) });
}

/** One event of a stream: the beginning, a part of the text, or the end. */
export function chunkText(
  call: ApiCall,
  { first, text, finishReason }: { first?: true; text?: string; finishReason?: FinishReason },
): string {
  const delta = { ...(first && { role: "assistant" }), ...(text !== undefined && { content: text }) };
  const part = call.path === "completions" ? { text: text ?? "" } : { delta };
  const ending = finishReason === undefined ? null : reasons[finishReason];
  const choices = [{ index: 0, ...part, logprobs: null, finish_reason: ending }];
  return eventOf({ ...head(call, ".chunk"), choices });
}

/** The event of a stream that counts its tokens. */
export const usageChunkText = (call: ApiCall, answers: readonly Answered[]): string =>
  eventOf({ ...head(call, ".chunk"), choices: [], usage: usageOf(answers) });

/** The body of an answer with vectors: as lists of numbers, or as float32 in base64. */
export function embeddingsText(model: string, vectors: readonly Float32Array[], base64: boolean): string {
  const data = vectors.map((vector, index) => ({
    ...{ object: "embedding", index },
    embedding: base64
      ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
      : [...vector],
  }));
  return JSON.stringify({ object: "list", model, data, usage: { prompt_tokens: null, total_tokens: null } });
}

const eventOf = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;

function head({ path, id, model }: ApiCall, suffix: "" | ".chunk"): object {
  const object = path === "completions" ? "text_completion" : `chat.completion${suffix}`;
  return { id, object, created: Math.floor(Date.now() / 1000), model };
}

/** Tokens of prompts, and how many of them were not computed again. */
export const promptTokensOf = (answers: readonly Answered[]): PromptTokens =>
  answers.reduce(
    ({ all, cached }, { promptTokens, cachedTokens }) => ({
      all: all + (promptTokens ?? 0),
      cached: cached + (cachedTokens ?? 0),
    }),
    { all: 0, cached: 0 },
  );

function usageOf(answers: readonly Answered[]): object {
  const total = (values: (number | null)[]) =>
    values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0);
  const prompt = total(answers.map(({ promptTokens }) => promptTokens));
  const completion = total(answers.map(({ tokens }) => tokens));
  return {
    ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: total([prompt, completion]) },
    prompt_tokens_details: { cached_tokens: promptTokensOf(answers).cached },
  };
}
