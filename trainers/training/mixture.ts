import { random } from "../../harness/contract/random.js";
import type { Source, TrainingItem } from "./strategy.js";

/**
 * Which items each step of a task sees. The items of a step follow from the sources, the seed and the step alone.
 * - Every prefix of the draws holds each source in its share, to within one item too many: each draw goes to the
 *   source that is furthest behind its share. Where share × draws are whole numbers, the totals are exact.
 * - A source is gone through in epochs, each in a new order keyed by (seed, source, epoch): no item comes again
 *   before all others of its source came once.
 */
export class Mixture {
  readonly #seed: number;
  readonly #sources: readonly Source[];
  readonly #batchSize: number;
  /** For each draw: which source, and how many draws that source had before. */
  readonly #sourceOf: Uint16Array;
  readonly #placeOf: Uint32Array;
  readonly #epochs: { epoch: number; order: readonly TrainingItem[] }[] = [];

  /** @param sources with at least one item each; their shares sum to 1. */
  constructor(sources: readonly Source[], batchSize: number, steps: number, seed: number) {
    this.#seed = seed;
    this.#sources = sources;
    this.#batchSize = batchSize;
    this.#sourceOf = new Uint16Array(batchSize * steps);
    this.#placeOf = new Uint32Array(batchSize * steps);
    const drawn = sources.map(() => 0);
    for (let draw = 0; draw < this.#sourceOf.length; draw++) {
      const behind = sources.map((source, index) => source.share * (draw + 1) - drawn[index]!);
      const next = behind.indexOf(Math.max(...behind));
      this.#sourceOf[draw] = next;
      this.#placeOf[draw] = drawn[next]!++;
    }
  }

  /** The items of a 0-based step. */
  batch(step: number): TrainingItem[] {
    return Array.from({ length: this.#batchSize }, (_, place) => {
      const draw = step * this.#batchSize + place;
      return this.#item(this.#sourceOf[draw]!, this.#placeOf[draw]!);
    });
  }

  #item(index: number, place: number): TrainingItem {
    const source = this.#sources[index]!;
    const epoch = Math.floor(place / source.items.length);
    if (this.#epochs[index]?.epoch !== epoch) {
      const stream = random({ seed: this.#seed, stream: "mixture", task: source.name, step: epoch });
      this.#epochs[index] = { epoch, order: stream.shuffle(source.items) };
    }
    return this.#epochs[index]!.order[place % source.items.length]!;
  }
}
