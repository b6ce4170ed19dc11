import type { DecoderConfig } from "../../../model/decoder-config.js";
import { type Feeds, floats, type Tensor } from "../graph/session.js";

const hidden = -1e9;

/** Slots by which the cache grows. Part of what determines bits, so one constant. */
const growth = 16;

/**
 * The keys and values of the rows of a batch. Prompts are right-padded to a common width, and the token of step s goes
 * into slot width + s of every row; the mask hides the padding between. The capacity depends on the width and the step
 * alone, never on which rows share the batch, so that a row's bits do not either.
 */
export class KeyValueCache {
  private capacity: number;
  private used: number;
  private mask: Float32Array;
  /** Keys and values in turn, a layer each: [rows, keyValueHeads, capacity, headDimension]. */
  private stores: Float32Array[];

  /** From the outputs of the prompts' pass, whose `lengths` are those of the rows. */
  constructor(
    private readonly config: DecoderConfig,
    private readonly lengths: readonly number[],
    width: number,
    prompts: Readonly<Record<string, Tensor>>,
  ) {
    this.used = width;
    this.capacity = width + growth;
    this.mask = new Float32Array(lengths.length * this.capacity).fill(hidden);
    lengths.forEach((length, row) => {
      this.mask.fill(0, row * this.capacity, row * this.capacity + length);
    });
    this.stores = this.names("keys", "values").map((name) => {
      const places = prompts[name]!.dims[2]!;
      return this.widen(prompts[name]!.data as Float32Array, places);
    });
  }

  /** Slots a row, used or not. */
  get slots(): number {
    return this.capacity;
  }

  /** What the decode graph reads, for the first `rows` rows. */
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

  /** Puts one step's keys and values, for the first `rows` rows, into the next slot. */
  append(outputs: Readonly<Record<string, Tensor>>, rows: number): void {
    const { keyValueHeads, headDimension } = this.config;
    const names = this.names("key", "value");
    for (const [i, store] of this.stores.entries()) {
      const step = outputs[names[i]!]!.data as Float32Array;
      for (let part = 0; part < rows * keyValueHeads; part++) {
        const from = part * headDimension;
        const to = (part * this.capacity + this.used) * headDimension;
        for (let j = 0; j < headDimension; j++) store[to + j] = step[from + j]!;
      }
    }
    for (let row = 0; row < rows; row++) this.mask[row * this.capacity + this.used] = 0;
    this.used++;
    if (this.used === this.capacity) this.grow();
  }

  /** Overwrites one row with another, whose place is then free. */
  move(from: number, to: number): void {
    const { rowSize, capacity } = this;
    for (const store of this.stores) store.copyWithin(to * rowSize, from * rowSize, (from + 1) * rowSize);
    this.mask.copyWithin(to * capacity, from * capacity, (from + 1) * capacity);
  }

  private get rowSize(): number {
    return this.config.keyValueHeads * this.capacity * this.config.headDimension;
  }

  private grow(): void {
    const before = this.capacity;
    this.capacity += growth;
    const mask = new Float32Array(this.lengths.length * this.capacity).fill(hidden);
    for (let row = 0; row < this.lengths.length; row++) {
      mask.set(this.mask.subarray(row * before, (row + 1) * before), row * this.capacity);
    }
    this.mask = mask;
    this.stores = this.stores.map((store) => this.widen(store, before));
  }

  /** The same values with `capacity` slots where there were `places`. */
  private widen(values: Float32Array, places: number): Float32Array {
    const { keyValueHeads, headDimension } = this.config;
    const store = new Float32Array(this.lengths.length * this.rowSize);
    for (let part = 0; part < this.lengths.length * keyValueHeads; part++) {
      const from = part * places * headDimension;
      store.set(values.subarray(from, from + places * headDimension), part * this.capacity * headDimension);
    }
    return store;
  }

  private names(keys: string, values: string): string[] {
    return Array.from({ length: this.config.layers }, (_, layer) => [`${keys}.${layer}`, `${values}.${layer}`]).flat();
  }
}
