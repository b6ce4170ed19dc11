import type { Decoding } from "../../../../harness/contract/trainer.js";
import type { EngineRequest } from "../../contract.js";
import type { Tensor } from "../graph/session.js";
import { chooseToken } from "./choice.js";

/** A request that is being answered. */
export interface AnswerRow {
  id: string;
  /** Tokens of the answer so far. */
  tokens: number[];
  /** Most tokens of the answer. */
  limit: number;
  /** Tokens of prompt and answer, for the repetition penalty. */
  seen: Set<number>;
}

/** A request before the first token of its answer. */
export function rowOf({ id, tokens }: EngineRequest, { maxNewTokens }: Decoding, contextLength: number): AnswerRow {
  return { id, tokens: [], limit: Math.min(maxNewTokens, contextLength - tokens.length), seen: new Set(tokens) };
}

/** Chooses the next token of a row by the logits of that index, which may be changed. */
export function takeToken(row: AnswerRow, logits: Tensor, index: number, decoding: Decoding): void {
  const vocabulary = logits.dims[1]!;
  const own = (logits.data as Float32Array).subarray(index * vocabulary, (index + 1) * vocabulary);
  const token = chooseToken(own, decoding, { id: row.id, step: row.tokens.length, seen: row.seen });
  row.tokens.push(token);
  row.seen.add(token);
}
