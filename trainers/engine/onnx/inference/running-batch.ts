import { BenchError } from "../../../../harness/contract/errors.js";
import type { Decoding, Generation } from "../../../../harness/contract/trainer.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Cancelled, EngineRequest, Written } from "../../contract.js";
import { type AnswerTokenizer, checkLength, finished } from "../../requests.js";
import { floats, integers, type Tensor } from "../graph/session.js";
import { KeyValueCache, slotsFor, tokenSize } from "./cache.js";
import { decodeFlops } from "./decode-flops.js";
import { decodeGraph } from "./graphs.js";
import { type InferenceModel, runGraph } from "./inference.js";
import { blockTokens, PrefixCache } from "./prefix-cache.js";
import { computePrompts, type Prompt, promptOf } from "./prompts.js";
import { type AnswerRow, rowOf, takeToken } from "./row.js";

/** Requests that are answered at a time at most. */
const mostRows = 64;

/** What a batch may take and how it divides its time; changes no bit. */
export interface BatchLimits {
  /** Of blocks of prompts that are kept. */
  prefixBytes: number;
  /** Of the keys and values of requests under way, when their answers are as long as may be. */
  cacheBytes: number;
  /** Tokens of prompts that are computed between two tokens of the answers under way. */
  promptTokens: number;
}

/** Where requests come one by one: answers are not kept waiting for long by the prompts of others. */
export const serving = (prefixBytes: number): BatchLimits => ({
  ...{ prefixBytes, cacheBytes: 256 * 2 ** 20 },
  promptTokens: 128,
});

/** A request that is under way. */
interface Row extends AnswerRow {
  prompt: Prompt;
  decoding: Decoding;
  /** Of its keys and values, when its answer is as long as may be. */
  slots: number;
  written: ((text: string) => void) | undefined;
  cancelled: (() => boolean) | undefined;
  resolve(generation: Generation): void;
  reject(error: unknown): void;
}

/** Rows with about as many slots whose prompts are computed, and their keys and values. */
interface Pool {
  rows: Row[];
  cache: KeyValueCache;
}

/** The most slots of a pool: longer rows are none of it, which would make all of its rows long. */
const poolOf = ({ slots }: Row): number => {
  let most = 256;
  while (most < slots) most *= 4;
  return most;
};

/**
 * Requests that are answered together, each from the step at which it comes to its own end (continuous batching: Orca, Yu
 * et al., OSDI 2022). Prompts are computed between the tokens of the other answers, long ones in several passes (chunked
 * prefill: Sarathi, 2308.16369), and what prompts begin with alike is computed once.
 *
 * An answer has the same bits whatever else is answered, and whatever was kept: products are taken row by row, sums over
 * keys run over the places of a prompt and its answer in their order, and what a longer neighbor needs more of both adds
 * zeros behind them.
 */
export class RunningBatch {
  readonly #prefixes: PrefixCache;
  readonly #pools = new Map<number, Pool>();
  /** Of all that are under way. */
  readonly #rows = new Map<Prompt, Row>();
  #waiting: Row[] = [];
  #running = false;

  /**
   * @param config of the model.
   * @param open what the model computes with when a batch begins.
   */
  constructor(
    private readonly config: DecoderConfig,
    private readonly open: () => InferenceModel,
    private readonly tokenizer: AnswerTokenizer,
    private readonly limits: BatchLimits,
  ) {
    this.#prefixes = new PrefixCache(limits.prefixBytes);
  }

  /**
   * The answer to a request, which joins what is under way.
   *
   * @throws DATA_INVALID on a prompt that is empty or leaves no room in the model's context, CANCELLED where nobody waits
   *   for the answer any more, and what computing throws.
   */
  answer(
    request: EngineRequest,
    decoding: Decoding,
    { written, cancelled }: { written?: (text: string) => void; cancelled?: () => boolean } = {},
  ): Promise<Generation> {
    return new Promise((resolve, reject) => {
      const { id, tokens, images = [], scope } = request;
      const { contextLength } = this.config;
      checkLength(id, tokens.length, contextLength - 1);
      const prompt = promptOf(request, images.length > 0 ? [] : this.#prefixes.keysOf(tokens, scope));
      const row = rowOf(request, decoding, contextLength);
      const slots = slotsFor(tokens.length, row.limit);
      this.#waiting.push({ ...row, prompt, decoding, slots, written, cancelled, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** The answers to several. The shortest prompts come first: those that follow them have lengths like theirs. */
  answerAll(
    requests: readonly EngineRequest[],
    decoding: Decoding,
    written?: Written,
    cancelled?: Cancelled,
  ): Promise<Generation[]> {
    const order = [...requests.keys()].sort((a, b) => requests[a]!.tokens.length - requests[b]!.tokens.length);
    const answers: Promise<Generation>[] = [];
    for (const index of order) {
      answers[index] = this.answer(requests[index]!, decoding, {
        ...(written && { written: (text) => written(index, text) }),
        ...(cancelled && { cancelled: () => cancelled(index) }),
      });
    }
    return Promise.all(answers);
  }

  /** To be called before weights change. */
  forget(): void {
    this.#prefixes.clear();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      await undefined; // requests of the same turn begin together
      const model = this.open();
      for (this.#admit(); this.#rows.size > 0; this.#admit()) {
        this.#dismiss();
        await this.#computePrompts(model);
        for (const pool of this.#pools.values()) await this.#continue(model, pool);
        for (const [slots, { rows }] of this.#pools) if (rows.length === 0) this.#pools.delete(slots);
      }
    } catch (error) {
      for (const { reject } of [...this.#rows.values(), ...this.#waiting]) reject(error);
      this.#rows.clear();
      this.#pools.clear();
      this.#waiting = [];
    }
    this.#running = false;
  }

  /** Begins with those that wait, in their order, while there is room. */
  #admit(): void {
    for (let [row] = this.#waiting; row !== undefined; [row] = this.#waiting) {
      const isFull = this.#rows.size === mostRows || this.#bytesWith(row) > this.limits.cacheBytes;
      if (this.#rows.size > 0 && isFull) return;
      this.#waiting.shift();
      this.#rows.set(row.prompt, row);
    }
  }

  /** Of the keys and values of all under way and of one more: in a cache all have the slots of the longest. */
  #bytesWith(row: Row): number {
    const pools = new Map<number, { count: number; most: number }>();
    for (const own of [...this.#rows.values(), row]) {
      const { count, most } = pools.get(poolOf(own)) ?? { count: 0, most: 0 };
      pools.set(poolOf(own), { count: count + 1, most: Math.max(most, own.slots) });
    }
    const slots = [...pools.values()].reduce((sum, { count, most }) => sum + count * most, 0);
    return 4 * slots * tokenSize(this.config);
  }

  /** Ends those that nobody waits for any more. */
  #dismiss(): void {
    for (const row of this.#rows.values()) {
      if (!row.cancelled?.()) continue;
      row.reject(new BenchError("CANCELLED", "nobody waits for the answer"));
      this.#rows.delete(row.prompt);
      const pool = this.#pools.get(poolOf(row));
      if (pool?.rows.includes(row)) remove(pool, pool.rows.indexOf(row));
    }
  }

  /** Computes prompts, and begins with the answers to those that are whole then. */
  async #computePrompts(model: InferenceModel): Promise<void> {
    const begun = new Map<number, Row[]>();
    for (let left = this.limits.promptTokens; left > 0; ) {
      const open = [...this.#rows.values()].filter(({ tokens }) => tokens.length === 0);
      if (open.length === 0) break;
      const prompts = open.map(({ prompt }) => prompt);
      const { logits, ended, count } = await computePrompts(model, prompts, this.#prefixes, left);
      for (const { prompt, row: index } of ended) {
        const row = this.#rows.get(prompt)!;
        if (!this.#takeToken(row, logits, index)) begun.set(poolOf(row), [...(begun.get(poolOf(row)) ?? []), row]);
      }
      left -= count;
    }
    for (const [slots, rows] of begun) {
      const pool = this.#pools.get(slots) ?? { rows: [], cache: new KeyValueCache(this.config) };
      this.#pools.set(slots, pool);
      pool.rows.push(...rows);
      pool.cache.add(rows.map(({ prompt }) => prompt.blocks));
      for (const { prompt } of rows) prompt.blocks = [];
    }
  }

  /** The next token of a pool's answers. */
  async #continue(model: InferenceModel, pool: Pool): Promise<void> {
    const { rows, cache } = pool;
    if (rows.length === 0) return;
    const outputs = await continued(model, pool);
    cache.append(outputs);
    for (let index = rows.length - 1; index >= 0; index--) {
      if (this.#takeToken(rows[index]!, outputs.logits!, index)) remove(pool, index);
    }
  }

  /** Takes the next token of a row's answer; whether that ended it. */
  #takeToken(row: Row, logits: Tensor, index: number): boolean {
    try {
      takeToken(row, logits, index, row.decoding);
      const generation = finished(row, this.tokenizer, row.decoding);
      if (generation === null) {
        row.written?.(this.tokenizer.decode(row.tokens));
        return false;
      }
      row.resolve({ ...generation, cachedTokens: row.prompt.shared * blockTokens });
    } catch (error) {
      row.reject(error);
    }
    this.#rows.delete(row.prompt);
    return true;
  }
}

function remove({ rows, cache }: Pool, index: number): void {
  rows[index] = rows.at(-1)!;
  rows.pop();
  cache.remove(index);
}

/** One more token of each row. */
function continued(model: InferenceModel, { rows, cache }: Pool): Promise<Readonly<Record<string, Tensor>>> {
  const count = Math.max(2, rows.length); // products of one row round differently from those of several
  const tokens = new Int32Array(count);
  const positions = new Float32Array(count);
  for (const [index, { prompt, tokens: answer }] of rows.entries()) {
    tokens[index] = answer.at(-1)!;
    positions[index] = prompt.tokens.length + answer.length - 1;
  }
  model.spend(decodeFlops(model.config, rows.length, cache.slots));
  const feeds = { ...cache.feeds(count), tokens: integers(tokens), positions: floats(positions, [count, 1]) };
  return runGraph(model, "decode", decodeGraph, feeds);
}
