import type { Decoding, Generation } from "../../../../harness/contract/trainer.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { EngineRequest, Written } from "../../contract.js";
import { type AnswerTokenizer, checkLength, finished } from "../../requests.js";
import { floats, integers } from "../graph/session.js";
import { type Batch, batchesOf } from "./batches.js";
import { KeyValueCache, rowBytes } from "./cache.js";
import { decodeFlops } from "./decode-flops.js";
import { decodeGraph } from "./graphs.js";
import { type InferenceModel, runGraph } from "./inference.js";
import { prefill } from "./prefill.js";
import { type AnswerRow, rowOf, takeToken } from "./row.js";

const mostRows = 64;

/** What a batch's cache, and the attention over its prompts, may take. */
const cacheBytes = 128 * 2 ** 20;
const attentionBytes = 64 * 2 ** 20;

/** A row that is still being continued. */
interface Row extends AnswerRow {
  request: number;
  position: number;
}

/**
 * Continues each prompt. The results are in the requests' order; text and tokens are the same for any order and number
 * of requests. Throws DATA_INVALID on a prompt that is empty or leaves no room in the model's context.
 */
export async function generate(
  model: InferenceModel,
  tokenizer: AnswerTokenizer,
  requests: readonly EngineRequest[],
  decoding: Decoding,
  written?: Written,
): Promise<Generation[]> {
  for (const { id, tokens } of requests) checkLength(id, tokens.length, model.config.contextLength - 1);
  const generations: Generation[] = [];
  const lengths = requests.map(({ tokens }) => tokens.length);
  for (const batch of batchesOf(lengths, (width) => rowsWithin(model.config, width, decoding.maxNewTokens))) {
    const rows = batch.indices.map((request) => {
      const own = rowOf(requests[request]!, decoding, model.config.contextLength);
      return { ...own, request, position: requests[request]!.tokens.length };
    });
    const hear = (row: Row, generation: Generation | null) => {
      if (generation !== null) generations[row.request] = generation;
      else written?.(row.request, tokenizer.decode(row.tokens));
    };
    await continueBatch(model, tokenizer, requests, batch, rows, decoding, hear);
  }
  return generations;
}

async function continueBatch(
  model: InferenceModel,
  tokenizer: AnswerTokenizer,
  requests: readonly EngineRequest[],
  batch: Batch,
  rows: Row[],
  decoding: Decoding,
  hear: (row: Row, generation: Generation | null) => void,
): Promise<void> {
  const prompts = batch.indices.map((index) => requests[index]!);
  let outputs = await prefill(model, prompts);
  const lengths = prompts.map(({ tokens }) => tokens.length);
  const cache = KeyValueCache.ofPrompts(model.config, lengths, batch.width, outputs);
  for (;;) {
    for (const [index, row] of rows.entries()) takeToken(row, outputs.logits!, index, decoding);
    for (let index = rows.length - 1; index >= 0; index--) {
      const generation = finished(rows[index]!, tokenizer, decoding);
      hear(rows[index]!, generation);
      if (generation === null) continue;
      rows[index] = rows.at(-1)!;
      rows.pop();
      cache.remove(index);
    }
    if (rows.length === 0) return;
    const count = Math.max(2, rows.length);
    model.spend(decodeFlops(model.config, rows.length, cache.slots));
    outputs = await runGraph(model, "decode", decodeGraph, {
      ...cache.feeds(count),
      tokens: integers(Int32Array.from({ length: count }, (_, row) => rows[row]?.tokens.at(-1) ?? 0)),
      positions: floats(
        Float32Array.from({ length: count }, (_, row) => rows[row]?.position ?? 0),
        [count, 1],
      ),
    });
    cache.append(outputs, Array(rows.length).fill(1));
    for (const row of rows) row.position++;
  }
}

/** How many prompts of that width, to be continued by so many tokens, are computed together. */
function rowsWithin(config: DecoderConfig, width: number, newTokens: number): number {
  const cache = rowBytes(config, width + newTokens);
  const attention = 4 * config.heads * width * width;
  return Math.floor(Math.min(mostRows, cacheBytes / cache, attentionBytes / attention));
}
