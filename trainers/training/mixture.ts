import { random } from "../../harness/contract/random.js";
import type { DrawnItems } from "../../harness/contract/trainer.js";
import { sharesUpTo } from "./shares.js";
import type { Source, TrainingItem } from "./strategy.js";

/** What a step is trained on: the batch, and the items of sources with a separate loss, by name. */
export interface Draws {
  batch: TrainingItem[];
  separate: Record<string, TrainingItem[]>;
}

/**
 * Which items each step of a task sees. The items of a step follow from the sources, the seed and the step alone.
 * - Every prefix of the draws contains each source in its share so far, to within one item too many: each draw goes to the
 *   source that is furthest behind its share. Where share × draws are whole numbers, the totals are exact. With sources
 *   of whole steps each step first goes to these or to the others, whichever are furthest behind: to within one step.
 * - A source is gone through in epochs, each in a new order keyed by (seed, source, epoch): no item comes again
 *   before all others of its source came once. With weights each draw is keyed by (seed, source, draw) instead.
 */
export class Mixture {
  readonly #seed: number;
  readonly #sources: readonly Source[];
  readonly #batchSize: number;
  /** For each draw: its source, and how many draws of that source came before. */
  readonly #sourceOf: Uint16Array;
  readonly #indexInSource: Uint32Array;
  readonly #epochs: { epoch: number; order: readonly TrainingItem[] }[] = [];
  /** Of sources with weights: the sum of the weights up to each item. */
  readonly #sums: (Float64Array | undefined)[];

  /** @param sources with at least one item each; their shares sum to 1 at every step. */
  constructor(sources: readonly Source[], batchSize: number, steps: number, seed: number) {
    this.#seed = seed;
    this.#sources = sources;
    this.#batchSize = batchSize;
    this.#sourceOf = new Uint16Array(batchSize * steps);
    this.#indexInSource = new Uint32Array(batchSize * steps);
    this.#sums = sources.map(({ weights }) => weights && runningSums(weights));
    const drawn = sources.map(() => 0);
    const draws = this.#sourceOf.length;
    /** By how many items each source will be behind its share after `count` draws. */
    const behind = (count: number) => sources.map(({ share }, i) => sharesUpTo(share, count, draws) - drawn[i]!);
    let whole = false;
    for (let draw = 0; draw < draws; draw++) {
      if (draw % batchSize === 0) whole = goesToWhole(behind(draw + batchSize), sources);
      const open = behind(draw + 1).map((own, i) => ((sources[i]!.wholeSteps ?? false) === whole ? own : -Infinity));
      const next = open.indexOf(Math.max(...open));
      this.#sourceOf[draw] = next;
      this.#indexInSource[draw] = drawn[next]!++;
    }
  }

  /** The items of a 0-based step. */
  draws(step: number): Draws {
    const { batch, separate }: Draws = { batch: [], separate: {} };
    for (const source of this.#sources) if (source.separateLoss) separate[source.name] = [];
    for (let position = 0; position < this.#batchSize; position++) {
      const draw = step * this.#batchSize + position;
      const source = this.#sourceOf[draw]!;
      const { name, separateLoss } = this.#sources[source]!;
      (separateLoss ? separate[name]! : batch).push(this.#item(source, this.#indexInSource[draw]!));
    }
    return { batch, separate };
  }

  /** How many items the first `steps` steps drew from each source and task, and how many different ones. */
  drawn(steps: number): DrawnItems[] {
    const counts = new Map<string, DrawnItems & { seen: Set<TrainingItem> }>();
    for (let draw = 0; draw < steps * this.#batchSize; draw++) {
      const source = this.#sourceOf[draw]!;
      const item = this.#item(source, this.#indexInSource[draw]!);
      const kind = this.#sources[source]!.kind ?? "new";
      const task = item.task?.id ?? null;
      const key = `${kind} ${task}`;
      const count = counts.get(key) ?? { source: kind, task, items: 0, distinct: 0, seen: new Set() };
      count.items++;
      count.seen.add(item);
      counts.set(key, count);
    }
    return [...counts.values()].map(({ seen, ...count }) => ({ ...count, distinct: seen.size }));
  }

  #item(source: number, index: number): TrainingItem {
    const { name: task, items, ordered } = this.#sources[source]!;
    const sums = this.#sums[source];
    if (sums) {
      const aim = random({ seed: this.#seed, stream: "mixture-draw", task, step: index }).uniform() * sums.at(-1)!;
      return items[sums.findIndex((sum) => sum > aim)]!;
    }
    const epoch = Math.floor(index / items.length);
    if (this.#epochs[source]?.epoch !== epoch) {
      const stream = random({ seed: this.#seed, stream: "mixture", task, step: epoch });
      this.#epochs[source] = { epoch, order: ordered ? items : stream.shuffle(items) };
    }
    return this.#epochs[source]!.order[index % items.length]!;
  }
}

/** Whether the next step is one of the sources of whole steps: they are further behind than the others together. */
function goesToWhole(behind: readonly number[], sources: readonly Source[]): boolean {
  const sum = (whole: boolean) =>
    behind.reduce((all, own, i) => ((sources[i]!.wholeSteps ?? false) === whole ? all + own : all), 0);
  if (sources.every(({ wholeSteps }) => !wholeSteps)) return false;
  return sum(true) > sum(false);
}

function runningSums(weights: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(weights, (weight) => {
    sum += weight;
    return sum;
  });
}
