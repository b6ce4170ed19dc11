import { BenchError } from "../../../../harness/contract/errors.js";
import type { Decoding, Generation } from "../../../../harness/contract/trainer.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Cancelled, EngineRequest, Written } from "../../contract.js";
import { type AnswerTokenizer, checkLength, finished } from "../../requests.js";
import { floats, integers, type Tensor } from "../graph/session.js";
import { KeyValueCache, rowBytes } from "./cache.js";
import { decodeFlops } from "./decode-flops.js";
import { blockGraph, blockTokens, decodeGraph } from "./graphs.js";
import { type InferenceModel, runGraph } from "./inference.js";
import { PrefixCache } from "./prefix-cache.js";
import { type AnswerRow, rowOf, takeToken } from "./row.js";

/** What is answered at a time at most: rows, and bytes of their keys and values when their answers are as long as may be. */
const mostRows = 64;
const mostBytes = 256 * 2 ** 20;

/** A request that is under way. */
interface Row extends AnswerRow {
  prompt: readonly number[];
  /** What the blocks of its prompt are kept by. */
  keys: readonly string[];
  decoding: Decoding;
  /** Tokens whose keys and values are there. */
  used: number;
  cachedTokens: number;
  bytes: number;
  written: ((text: string) => void) | undefined;
  cancelled: (() => boolean) | undefined;
  resolve(generation: Generation): void;
  reject(error: unknown): void;
}

/** Rows that are computed together: of as many slots each, and either blocks of their prompts or tokens of their answers. */
interface Pool {
  key: string;
  /** Tokens of a row that a step computes. */
  step: number;
  rows: Row[];
  cache: KeyValueCache;
}

/**
 * Requests that are answered together, each from the step at which it comes to its own end (continuous batching: Orca, Yu
 * et al., OSDI 2022). Prompts are computed in blocks, between the tokens of the other answers (chunked prefill: Sarathi,
 * 2308.16369), and prompts that begin alike share blocks.
 *
 * The shape of what is computed of a row, and with it every bit, depends on the place in its own tokens alone: blocks begin
 * at multiples of `blockTokens`, and keys and values have as many slots as `slotsFor` says. So an answer is the same
 * whatever else is answered, and whatever was kept. It is not that of `generate`, which computes prompts as a whole: sums
 * of another order.
 */
export class RunningBatch {
  readonly #prefixes: PrefixCache;
  readonly #pools = new Map<string, Pool>();
  #waiting: Row[] = [];
  #running = false;

  /**
   * @param config of the model.
   * @param open what the model computes with when a batch begins.
   * @param prefixBytes most bytes of blocks that are kept.
   */
  constructor(
    private readonly config: DecoderConfig,
    private readonly open: () => InferenceModel,
    private readonly tokenizer: AnswerTokenizer,
    prefixBytes: number,
  ) {
    this.#prefixes = new PrefixCache(prefixBytes);
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
      const { id, tokens: prompt, scope } = request;
      const { contextLength } = this.config;
      checkLength(id, prompt.length, contextLength - 1);
      const row = rowOf(request, decoding, contextLength);
      this.#waiting.push({
        ...{ ...row, prompt, decoding, used: 0, cachedTokens: 0, written, cancelled, resolve, reject },
        keys: this.#prefixes.keysOf(prompt, scope),
        bytes: rowBytes(this.config, slotsFor(prompt.length + row.limit)),
      });
      if (!this.#running) void this.#run();
    });
  }

  /** The answers to several. */
  answerAll(
    requests: readonly EngineRequest[],
    decoding: Decoding,
    written?: Written,
    cancelled?: Cancelled,
  ): Promise<Generation[]> {
    const answers = requests.map((request, index) =>
      this.answer(request, decoding, {
        ...(written && { written: (text) => written(index, text) }),
        ...(cancelled && { cancelled: () => cancelled(index) }),
      }),
    );
    return Promise.all(answers);
  }

  /** To be called before weights change. */
  forget(): void {
    this.#prefixes.clear();
  }

  get #rows(): Row[] {
    return [...this.#pools.values()].flatMap(({ rows }) => rows);
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      const model = this.open();
      for (this.#admit(); this.#pools.size > 0; this.#admit()) {
        for (const pool of [...this.#pools.values()]) await this.#advance(model, pool);
      }
    } catch (error) {
      for (const { reject } of [...this.#rows, ...this.#waiting]) reject(error);
      this.#pools.clear();
      this.#waiting = [];
    }
    this.#running = false;
  }

  /** Begins with those that wait, in their order, while there is room. */
  #admit(): void {
    const under = this.#rows;
    let bytes = under.reduce((sum, row) => sum + row.bytes, 0);
    for (let count = under.length; this.#waiting.length > 0; count++) {
      const row = this.#waiting[0]!;
      if (count > 0 && (count >= mostRows || bytes + row.bytes > mostBytes)) return;
      this.#waiting.shift();
      bytes += row.bytes;
      if (row.cancelled?.()) {
        row.reject(nobodyWaits());
        continue;
      }
      const most = Math.floor((row.prompt.length - 1) / blockTokens); // one token at least is computed
      const blocks = this.#prefixes.find(row.keys.slice(0, most));
      row.used = row.cachedTokens = blocks.length * blockTokens;
      this.#place(row, blocks);
    }
  }

  /** Puts a row, of whose keys and values these are, into the pool where it belongs. */
  #place(row: Row, parts: readonly Float32Array[]): void {
    const { key, slots, step } = placeOf(row);
    const pool = this.#pools.get(key) ?? { key, step, rows: [], cache: new KeyValueCache(this.config, slots) };
    this.#pools.set(key, pool);
    pool.rows.push(row);
    const place = pool.cache.add();
    for (const part of parts) pool.cache.write(place, part, row.used / parts.length);
  }

  #remove({ key, rows, cache }: Pool, index: number): void {
    rows[index] = rows.at(-1)!;
    rows.pop();
    cache.remove(index);
    if (rows.length === 0) this.#pools.delete(key);
  }

  /** One step of a pool. */
  async #advance(model: InferenceModel, pool: Pool): Promise<void> {
    const { rows, cache, step } = pool;
    for (let index = rows.length - 1; index >= 0; index--) {
      if (!rows[index]!.cancelled?.()) continue;
      rows[index]!.reject(nobodyWaits());
      this.#remove(pool, index);
    }
    if (rows.length === 0) return;
    const counts = rows.map(({ prompt, used }) => Math.min(step, Math.max(1, prompt.length - used)));
    const outputs = await compute(model, pool, counts);
    cache.append(outputs, counts);
    for (let index = rows.length - 1; index >= 0; index--) {
      const row = rows[index]!;
      row.used += counts[index]!;
      if (row.used >= row.prompt.length && this.#takeToken(row, outputs.logits!, pool, index)) {
        this.#remove(pool, index);
      } else if (placeOf(row).key !== pool.key) {
        const whole = cache.read(index, 0, row.used);
        this.#remove(pool, index);
        this.#place(row, [whole]);
      }
    }
  }

  /** Takes the next token of a row's answer; whether that ended it. */
  #takeToken(row: Row, logits: Tensor, { cache }: Pool, index: number): boolean {
    try {
      if (row.tokens.length === 0) {
        this.#prefixes.add(row.keys, (start) => cache.read(index, start, start + blockTokens));
      }
      takeToken(row, logits, index, row.decoding);
      const generation = finished(row, this.tokenizer, row.decoding);
      if (generation !== null) row.resolve({ ...generation, cachedTokens: row.cachedTokens });
      else row.written?.(this.tokenizer.decode(row.tokens));
      return generation !== null;
    } catch (error) {
      row.reject(error);
      return true;
    }
  }
}

const nobodyWaits = (): BenchError => new BenchError("CANCELLED", "nobody waits for the answer");

/** Slots for the keys and values of so many tokens and those of the next step. */
function slotsFor(tokens: number): number {
  const needed = tokens + blockTokens + 1;
  return needed <= 256 ? 2 ** Math.max(6, Math.ceil(Math.log2(needed))) : 256 * Math.ceil(needed / 256);
}

/** Where a row is computed next. */
function placeOf({ used, prompt }: Row): { key: string; slots: number; step: number } {
  const [slots, step] = [slotsFor(used), used < prompt.length ? blockTokens : 1];
  return { key: `${slots} ${step}`, slots, step };
}

/** Runs the graph of a pool: `counts` tokens of each row, the rest of a block is padding that no token sees. */
function compute(
  model: InferenceModel,
  { rows, cache, step }: Pool,
  counts: readonly number[],
): Promise<Readonly<Record<string, Tensor>>> {
  // products of one row round differently from those of several
  const count = step === 1 ? Math.max(2, rows.length) : rows.length;
  const tokens = new Int32Array(count * step);
  const positions = new Float32Array(count * step);
  for (const [index, { prompt, used, tokens: answer }] of rows.entries()) {
    const own = used < prompt.length ? prompt.slice(used, used + counts[index]!) : [answer.at(-1)!];
    tokens.set(own, index * step);
    for (let place = 0; place < step; place++) positions[index * step + place] = used + place;
  }
  model.spend(decodeFlops(model.config, rows.length * step, cache.slots + step, rows.length));
  const feeds = { ...cache.feeds(count), tokens: integers(tokens), positions: floats(positions, [count * step, 1]) };
  if (step === 1) return runGraph(model, "decode", decodeGraph, feeds);
  const last = rows.map((_, index) => index * step + counts[index]! - 1);
  return runGraph(model, "block", blockGraph, {
    ...feeds,
    last: integers(last.length > 1 ? last : [last[0]!, last[0]!]),
  });
}
