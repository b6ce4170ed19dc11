import type { DecoderConfig } from "../../../model/decoder-config.js";
import { type Feeds, floats, type Tensor } from "../graph/session.js";

const hidden = -1e9;

/** Slots by which the cache grows. Part of what determines bits, so one constant. */
const growth = 16;

/**
 * The keys and values of the rows of a batch, each in slots of its own; the mask hides what is not used. All rows have
 * the same number of slots, the capacity, on which the bits of a row depend, and on nothing else of the others.
 */
export class KeyValueCache {
  /** Rows that there are places for. */
  private room = 0;
  /** The next slot of each row. */
  private next: number[] = [];
  private mask = new Float32Array();
  /** Keys and values in turn, a layer each: [room, keyValueHeads, capacity, headDimension]. */
  private stores: Float32Array[];

  /** Without rows. */
  constructor(
    private readonly config: DecoderConfig,
    private capacity: number,
  ) {
    this.stores = this.names("keys", "values").map(() => new Float32Array());
  }

  /**
   * From the outputs of the prompts' pass, whose `lengths` are those of the rows. Prompts are right-padded to a common
   * width, and the token of step s goes into slot width + s of every row. The capacity depends on the width and the step
   * alone, never on which rows share the batch.
   */
  static ofPrompts(
    config: DecoderConfig,
    lengths: readonly number[],
    width: number,
    prompts: Readonly<Record<string, Tensor>>,
  ): KeyValueCache {
    const cache = new KeyValueCache(config, width + growth);
    const { capacity } = cache;
    cache.room = Math.max(2, lengths.length);
    cache.next = lengths.map(() => width);
    cache.mask = new Float32Array(cache.room * capacity).fill(hidden);
    for (const [row, length] of lengths.entries()) cache.mask.fill(0, row * capacity, row * capacity + length);
    cache.stores = cache.names("keys", "values").map((name) => {
      const { data, dims } = prompts[name]!;
      return cache.widen(data as Float32Array, dims[2]!);
    });
    return cache;
  }

  /** Slots a row, used or not. */
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
    this.names("keys", "values").forEach((name, i) => {
      feeds[name] = floats(this.stores[i]!.subarray(0, rows * this.rowSize), shape);
    });
    return feeds;
  }

  /**
   * Puts a step's keys and values, [rows, keyValueHeads, tokens, headDimension] or without `tokens` of one, into the next
   * slots: of each row as many tokens as `counts` says.
   */
  append(outputs: Readonly<Record<string, Tensor>>, counts: readonly number[]): void {
    const { keyValueHeads, headDimension } = this.config;
    const names = this.names("key", "value");
    for (const [i, store] of this.stores.entries()) {
      const { data, dims } = outputs[names[i]!]!;
      const step = data as Float32Array;
      const tokens = dims.length === 4 ? dims[2]! : 1;
      for (const [row, count] of counts.entries()) {
        for (let part = row * keyValueHeads; part < (row + 1) * keyValueHeads; part++) {
          const from = part * tokens * headDimension;
          const to = (part * this.capacity + this.next[row]!) * headDimension;
          for (let j = 0; j < count * headDimension; j++) store[to + j] = step[from + j]!;
        }
      }
    }
    for (const [row, count] of counts.entries()) this.use(row, count);
    if (this.next.includes(this.capacity)) this.grow();
  }

  /** Adds an empty row, the last one. */
  add(): number {
    const row = this.next.push(0) - 1;
    if (row === this.room) {
      this.room = Math.max(2, 2 * this.room);
      this.mask = extended(this.mask, this.room * this.capacity);
      this.stores = this.stores.map((store) => extended(store, this.room * this.rowSize));
    }
    this.mask.fill(hidden, row * this.capacity, (row + 1) * this.capacity);
    return row;
  }

  /** Keys and values of a row's slots from `start` to `end`: [2 · layers, keyValueHeads, slots, headDimension]. */
  read(row: number, start: number, end: number): Float32Array {
    const { headDimension } = this.config;
    const size = (end - start) * headDimension;
    const starts = this.starts(row, start);
    const values = new Float32Array(starts.length * size);
    for (const [part, { store, at }] of starts.entries()) values.set(store.subarray(at, at + size), part * size);
    return values;
  }

  /** Puts what `read` gave of so many slots into the next ones of a row. */
  write(row: number, values: Float32Array, count: number): void {
    const size = count * this.config.headDimension;
    for (const [part, { store, at }] of this.starts(row, this.next[row]!).entries()) {
      store.set(values.subarray(part * size, (part + 1) * size), at);
    }
    this.use(row, count);
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

  /** Where a slot of a row begins, for each store and head. */
  private starts(row: number, slot: number): { store: Float32Array; at: number }[] {
    const { keyValueHeads, headDimension } = this.config;
    const heads = Array.from({ length: keyValueHeads }, (_, head) => head);
    return this.stores.flatMap((store) =>
      heads.map((head) => ({ store, at: ((row * keyValueHeads + head) * this.capacity + slot) * headDimension })),
    );
  }

  private use(row: number, count: number): void {
    const start = row * this.capacity + this.next[row]!;
    this.mask.fill(0, start, start + count);
    this.next[row]! += count;
  }

  private grow(): void {
    const before = this.capacity;
    this.capacity += growth;
    const mask = new Float32Array(this.room * this.capacity).fill(hidden);
    for (let row = 0; row < this.room; row++) {
      mask.set(this.mask.subarray(row * before, (row + 1) * before), row * this.capacity);
    }
    this.mask = mask;
    this.stores = this.stores.map((store) => this.widen(store, before));
  }

  /** The same values with `capacity` slots where there were `places`. */
  private widen(values: Float32Array, places: number): Float32Array {
    const { keyValueHeads, headDimension } = this.config;
    const store = new Float32Array(this.room * this.rowSize);
    for (let part = 0; part < this.next.length * keyValueHeads; part++) {
      const from = part * places * headDimension;
      store.set(values.subarray(from, from + places * headDimension), part * this.capacity * headDimension);
    }
    return store;
  }

  private names(keys: string, values: string): string[] {
    return Array.from({ length: this.config.layers }, (_, layer) => [`${keys}.${layer}`, `${values}.${layer}`]).flat();
  }
}

/** Bytes of the keys and values of a row with so many slots. */
export const rowBytes = ({ layers, keyValueHeads, headDimension }: DecoderConfig, slots: number): number =>
  4 * layers * 2 * keyValueHeads * headDimension * slots;

function extended(values: Float32Array, length: number): Float32Array<ArrayBuffer> {
  const longer = new Float32Array(length);
  longer.set(values);
  return longer;
}
