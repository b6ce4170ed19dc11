import type { DecoderConfig } from "../../../model/decoder-config.js";
import { type Feeds, floats, type Tensor } from "../graph/session.js";

const hidden = -1e9;

/** Slots by which the cache grows, and a multiple of which an answer begins at. Part of what determines bits, so one constant. */
const growth = 16;

/** The slot of an answer's first token, behind a prompt of so many. */
const answerStart = (prompt: number): number => Math.ceil(prompt / growth) * growth;

/** Slots of a row with so many tokens of prompt and answer. */
export const slotsFor = (prompt: number, answer: number): number =>
  Math.ceil((answerStart(prompt) + answer + 1) / growth) * growth;

/** Numbers that a token's keys and values of all layers take. */
export const tokenSize = ({ layers, keyValueHeads, headDimension }: DecoderConfig): number =>
  2 * layers * keyValueHeads * headDimension;

/** Names of the keys and values of cached tokens, and of those that a pass computes, one layer after another. */
export const cachedNames = ({ layers }: DecoderConfig): string[] => names(layers, "keys", "values");
export const computedNames = ({ layers }: DecoderConfig): string[] => names(layers, "key", "value");

const names = (layers: number, keys: string, values: string): string[] =>
  Array.from({ length: layers }, (_, layer) => [`${keys}.${layer}`, `${values}.${layer}`]).flat();

/** Keys and values of some tokens. */
export interface KeyValues {
  /** Keys and values in turn, a layer each: [rows, keyValueHeads, headDimension]. */
  stores: readonly Float32Array[];
  /** The row of the first token. */
  row: number;
  /** Tokens, in rows one behind another. */
  size: number;
}

/**
 * The keys and values of rows that are continued together, each in slots of its own; the mask hides what is not used. All
 * rows have as many slots as the longest needs. That changes no bit of the others: what is hidden adds zeros behind what
 * is seen, and as the number of slots is a multiple of `growth`, sums are divided alike.
 */
export class KeyValueCache {
  private capacity = 0;
  /** Rows that there are places for. */
  private room = 0;
  /** The next slot of each row. */
  private readonly next: number[] = [];
  private mask = new Float32Array();
  /** Keys and values in turn, a layer each: [room, keyValueHeads, capacity, headDimension]. */
  private stores: Float32Array[];
  private readonly cached: readonly string[];
  private readonly computed: readonly string[];

  /** Without rows. */
  constructor(private readonly config: DecoderConfig) {
    this.cached = cachedNames(config);
    this.computed = computedNames(config);
    this.stores = this.cached.map(() => new Float32Array());
  }

  /** Slots of a row, used or not. */
  get slots(): number {
    return this.capacity;
  }

  /** What the decode graph reads, for the first `rows` rows; there are places for two at least. */
  feeds(rows: number): Feeds {
    const { keyValueHeads, headDimension } = this.config;
    const shape = [rows, keyValueHeads, this.capacity, headDimension];
    const feeds: Record<string, Tensor> = {
      mask: floats(this.mask.subarray(0, rows * this.capacity), [rows, 1, 1, this.capacity]),
    };
    this.cached.forEach((name, i) => {
      feeds[name] = floats(this.stores[i]!.subarray(0, rows * this.rowSize), shape);
    });
    return feeds;
  }

  /** Adds rows behind the others, each with a prompt, which is in parts one behind another. */
  add(prompts: readonly (readonly KeyValues[])[]): void {
    const lengths = prompts.map((parts) => parts.reduce((sum, { size }) => sum + size, 0));
    this.reserve(this.next.length + prompts.length, slotsFor(Math.max(...lengths), 0));
    for (const [index, parts] of prompts.entries()) {
      const prompt = lengths[index]!;
      const row = this.next.push(answerStart(prompt)) - 1;
      const start = row * this.capacity;
      this.mask.fill(hidden, start, start + this.capacity).fill(0, start, start + prompt);
      let slot = 0;
      for (const { stores, row: first, size } of parts) {
        for (const [store, values] of stores.entries()) this.write(store, row, slot, values, first, size);
        slot += size;
      }
    }
  }

  /** Puts a step's keys and values, [rows, keyValueHeads, headDimension], into each row's next slot. */
  append(outputs: Readonly<Record<string, Tensor>>): void {
    for (const [store, name] of this.computed.entries()) {
      const step = outputs[name]!.data as Float32Array;
      for (const [row, slot] of this.next.entries()) this.write(store, row, slot, step, row, 1);
    }
    for (const [row, slot] of this.next.entries()) {
      this.mask[row * this.capacity + slot] = 0;
      this.next[row] = slot + 1;
    }
    if (this.next.includes(this.capacity)) this.reserve(this.next.length, this.capacity + growth);
  }

  /** Removes a row; the last one takes its place. */
  remove(row: number): void {
    const { rowSize, capacity } = this;
    const last = this.next.length - 1;
    this.next[row] = this.next[last]!;
    this.next.pop();
    if (row === last) return;
    for (const store of this.stores) store.copyWithin(row * rowSize, last * rowSize, (last + 1) * rowSize);
    this.mask.copyWithin(row * capacity, last * capacity, (last + 1) * capacity);
  }

  private get rowSize(): number {
    return this.config.keyValueHeads * this.capacity * this.config.headDimension;
  }

  /** Keys or values of a layer into slots of a row: those of so many tokens, from the one of that index in `from` on. */
  private write(store: number, row: number, slot: number, from: Float32Array, index: number, count: number): void {
    const { keyValueHeads, headDimension } = this.config;
    const to = this.stores[store]!;
    for (let head = 0; head < keyValueHeads; head++) {
      let source = (index * keyValueHeads + head) * headDimension;
      let target = ((row * keyValueHeads + head) * this.capacity + slot) * headDimension;
      for (let token = 0; token < count; token++) {
        for (let i = 0; i < headDimension; i++) to[target + i] = from[source + i]!; // faster than `set` of so few
        source += keyValueHeads * headDimension;
        target += headDimension;
      }
    }
  }

  /** Makes places for so many rows, two at least, and slots. */
  private reserve(rows: number, slots: number): void {
    if (rows <= this.room && slots <= this.capacity) return;
    const before = this.capacity;
    this.room = Math.max(2, rows, this.room);
    this.capacity = Math.max(before, slots);
    const { keyValueHeads, headDimension } = this.config;
    const spread = (values: Float32Array, parts: number, size: number) => {
      const wider = new Float32Array(this.room * parts * this.capacity * size);
      for (let part = 0; part < this.next.length * parts; part++) {
        const from = part * before * size;
        wider.set(values.subarray(from, from + before * size), part * this.capacity * size);
      }
      return wider;
    };
    this.stores = this.stores.map((store) => spread(store, keyValueHeads, headDimension));
    const mask = spread(this.mask, 1, 1);
    for (let row = 0; row < this.next.length; row++) {
      mask.fill(hidden, row * this.capacity + before, (row + 1) * this.capacity);
    }
    this.mask = mask;
  }
}
