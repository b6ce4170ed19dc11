import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { EngineRequest } from "../../contract.js";
import { type PackedBatch, packedBatch } from "../decoder/packed-forward.js";
import { type Feeds, floats, integers, type Tensor } from "../graph/session.js";
import { widthStep } from "./batches.js";
import { cachedNames, computedNames, type KeyValues } from "./cache.js";
import { promptGraph } from "./graphs.js";
import { type InferenceModel, runPacked } from "./inference.js";
import { blockTokens, type PrefixCache } from "./prefix-cache.js";

/** What the attention of a pass may take, and all tokens of one: with more, products become no faster. */
const attentionBytes = 64 * 2 ** 20;
const mostTokens = 1024;

/** A prompt that is computed, whole or in several passes. */
export interface Prompt extends Pick<EngineRequest, "tokens" | "images"> {
  /** What its whole blocks are kept by; without any it shares none. */
  keys: readonly string[];
  /** Its beginning so far; all but the last are of `blockTokens` tokens. */
  blocks: Block[];
  /** Blocks that were not computed for this prompt. */
  shared: number;
}

/** Some tokens of one or several prompts; those of the pass under way have no stores before its end. */
type Block = KeyValues;

/** What a pass computes of a prompt: its tokens from `start` to `end`. */
interface Segment {
  prompt: Prompt;
  start: number;
  end: number;
}

/** A prompt without blocks. */
export const promptOf = ({ tokens, images }: EngineRequest, keys: readonly string[]): Prompt => ({
  ...{ tokens, images, keys },
  blocks: [],
  shared: 0,
});

/** Prompts whose end a pass has computed, with the logits behind them: rows of [segments, vocabulary]. */
export interface Computed {
  logits: Tensor;
  ended: { prompt: Prompt; row: number }[];
  /** Tokens that were computed. */
  count: number;
}

/**
 * One pass over prompts, the first ones first: as many of their tokens as fit. Blocks that are kept are not computed, and
 * those that several prompts begin with are computed once. How prompts are divided into passes changes no bit: a token
 * attends to the same keys in the same places.
 *
 * @param most tokens of all prompts together; one block is computed in any case.
 */
export async function computePrompts(
  model: InferenceModel,
  prompts: readonly Prompt[],
  prefixes: PrefixCache,
  most: number,
): Promise<Computed> {
  const { segments, blocks } = plan(model.config, prompts, prefixes, Math.min(most, mostTokens));
  const { batch, feeds } = passOf(model.config, segments);
  const outputs = await runPacked(model, "prompts", promptGraph, batch, feeds);
  const stores = computedNames(model.config).map((name) => outputs[name]!.data as Float32Array);
  for (const block of blocks) block.stores = stores;
  for (const { prompt, end } of segments) {
    const whole = prompt.keys.slice(0, Math.floor(end / blockTokens));
    prefixes.add(whole, (index) => valuesOf(model.config, prompt.blocks[index]!));
  }
  const ended = segments.flatMap(({ prompt, end }, row) => (end === prompt.tokens.length ? [{ prompt, row }] : []));
  const count = segments.reduce((sum, { start, end }) => sum + end - start, 0);
  return { logits: outputs.logits!, ended, count };
}

/** What a pass computes: segments, and the blocks that they consist of, which their prompts have then. */
function plan(
  config: DecoderConfig,
  prompts: readonly Prompt[],
  prefixes: PrefixCache,
  most: number,
): { segments: Segment[]; blocks: Block[] } {
  const segments: Segment[] = [];
  const planned = new Map<string, Block>();
  const blocks: Block[] = [];
  let [rows, longest, places] = [0, 0, 0];
  const fits = (count: number, end: number) => {
    const attention = (segments.length + 1) * Math.max(longest, count) * Math.max(places, end);
    return rows + count <= most && 4 * config.heads * attention <= attentionBytes;
  };
  for (const prompt of prompts) {
    const { tokens, images = [] } = prompt;
    share(prompt, (key) => {
      const block = planned.get(key) ?? kept(config, prefixes.find(key));
      if (block !== undefined) planned.set(key, block);
      return block;
    });
    const start = prompt.blocks.length * blockTokens;
    let end = tokens.length;
    while (images.length === 0 && end > start && !fits(end - start, end)) end = wholeBlocks(end - 1);
    if (end <= start && segments.length > 0) break;
    if (end <= start) end = Math.min(start + blockTokens, tokens.length);
    if (images.length > 0 && segments.length > 0 && !fits(end, end)) break;
    segments.push({ prompt, start, end });
    for (let place = start; place < end; place += blockTokens) {
      const size = Math.min(blockTokens, end - place);
      const block = { size, row: rows + place - start, stores: [] };
      const key = prompt.keys[place / blockTokens];
      if (key !== undefined) planned.set(key, block);
      prompt.blocks.push(block);
      blocks.push(block);
    }
    rows += end - start;
    longest = Math.max(longest, end - start);
    places = Math.max(places, end);
  }
  return { segments, blocks };
}

const wholeBlocks = (tokens: number): number => Math.floor(tokens / blockTokens) * blockTokens;

/** Takes blocks that are known; of a prompt one token at least is computed. */
function share(prompt: Prompt, find: (key: string) => Block | undefined): void {
  const most = Math.floor((prompt.tokens.length - 1) / blockTokens);
  for (const key of prompt.keys.slice(prompt.blocks.length, most)) {
    const block = find(key);
    if (block === undefined) return;
    prompt.blocks.push(block);
    prompt.shared++;
  }
}

function kept(config: DecoderConfig, values: Float32Array | undefined): Block | undefined {
  if (values === undefined) return undefined;
  const size = blockTokens * config.keyValueHeads * config.headDimension;
  const stores = Array.from({ length: values.length / size }, (_, store) =>
    values.subarray(store * size, (store + 1) * size),
  );
  return { stores, row: 0, size: blockTokens };
}

/** What `promptGraph` reads. */
function passOf(config: DecoderConfig, segments: readonly Segment[]): { batch: PackedBatch; feeds: Feeds } {
  const earlier = new Map<Block, number>();
  for (const { prompt, start } of segments) {
    for (const block of prompt.blocks.slice(0, start / blockTokens)) {
      if (block.stores.length > 0 && !earlier.has(block)) earlier.set(block, earlier.size * blockTokens);
    }
  }
  const earlierRows = earlier.size * blockTokens;
  const places = Math.ceil(Math.max(...segments.map(({ end }) => end)) / widthStep) * widthStep;
  const reach = new Int32Array(segments.length * places);
  for (const [index, { prompt, end }] of segments.entries()) {
    for (let place = 0; place < end; place++) {
      const block = prompt.blocks[Math.floor(place / blockTokens)]!;
      const first = earlier.get(block) ?? earlierRows + block.row;
      reach[index * places + place] = first + (place % blockTokens);
    }
  }
  const sequences = segments.map(({ prompt: { tokens, images }, start, end }) => ({
    tokens: tokens.slice(start, end),
    images,
    positions: [end - start - 1],
  }));
  const batch = { ...packedBatch(sequences), reach: places };
  const positions = new Int32Array(batch.tokens.places.length);
  positions.set(segments.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)));
  const { longest } = batch.tokens;
  const starts = segments.every(({ start }) => start === 0) ? [0] : segments.map(({ start }) => start);
  const feeds: Record<string, Tensor> = {
    ...earlierFeeds(config, [...earlier.keys()]),
    reach: integers(reach, [segments.length, places]),
    positions: integers(positions),
    queries: integers(
      starts.flatMap((start) => Array.from({ length: longest }, (_, i) => start + i)),
      [starts.length, longest],
    ),
  };
  return { batch, feeds };
}

/** Keys and values of whole blocks, one behind another. */
function earlierFeeds(config: DecoderConfig, blocks: readonly Block[]): Feeds {
  const { keyValueHeads, headDimension } = config;
  const width = keyValueHeads * headDimension;
  const feeds = cachedNames(config).map((name, store) => {
    const all = new Float32Array(blocks.length * blockTokens * width);
    for (const [index, { stores, row }] of blocks.entries()) {
      const own = stores[store]!.subarray(row * width, (row + blockTokens) * width);
      all.set(own, index * blockTokens * width);
    }
    return [name, floats(all, [blocks.length * blockTokens, keyValueHeads, headDimension])] as const;
  });
  return Object.fromEntries(feeds);
}

/** Keys and values of a block alone, [2 · layers, tokens, keyValueHeads, headDimension]. */
export function valuesOf(config: DecoderConfig, { stores, row, size }: KeyValues): Float32Array {
  const width = config.keyValueHeads * config.headDimension;
  const values = new Float32Array(stores.length * size * width);
  for (const [store, own] of stores.entries()) {
    values.set(own.subarray(row * width, (row + size) * width), store * size * width);
  }
  return values;
}
