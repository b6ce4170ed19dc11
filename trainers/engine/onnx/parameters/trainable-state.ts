import { BenchError } from "../../../../harness/contract/errors.js";
import type { Feeds, Fetches } from "../graph/session.js";
import type { ParameterStore } from "./parameter-store.js";
import { type Segment, segmentFeeds, segmentsOf } from "./segments.js";

/** The parameters that training changes, with AdamW's moments; fed to graphs and written by them in place. */
export class TrainableState {
  readonly segments: readonly Segment[];
  /** Moments. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Updates so far. */
  step = 0;
  readonly parameterFeeds: Feeds;
  private readonly momentFeeds: Feeds;

  constructor(readonly store: ParameterStore) {
    this.segments = segmentsOf(store);
    this.first = new Float32Array(store.length);
    this.second = new Float32Array(store.length);
    this.parameterFeeds = this.feeds("parameters", store.values);
    this.momentFeeds = { ...this.feeds("first", this.first), ...this.feeds("second", this.second) };
  }

  /** Tensors over a vector of the parameters' layout, one a segment. */
  feeds(prefix: string, vector: Float32Array): Feeds {
    return segmentFeeds(prefix, this.segments, vector);
  }

  /** What an update reads. */
  get updateFeeds(): Feeds {
    return { ...this.parameterFeeds, ...this.momentFeeds };
  }

  /** Where an update writes: onto what it reads. */
  get updateFetches(): Fetches {
    const outputs = Object.entries(this.updateFeeds).map(([name, tensor]) => [`next.${name}`, tensor]);
    return Object.fromEntries(outputs);
  }

  reset(): void {
    this.first.fill(0);
    this.second.fill(0);
    this.step = 0;
  }

  save(): { first: Float32Array; second: Float32Array; step: number } {
    return { first: this.first.slice(), second: this.second.slice(), step: this.step };
  }

  restore({ first, second, step }: { first: Float32Array; second: Float32Array; step: number }): void {
    if (first.length !== this.first.length || second.length !== this.second.length) {
      throw new BenchError(
        "INTERNAL",
        `Moments of ${first.length} elements do not fit ${this.first.length} parameters.`,
      );
    }
    this.first.set(first);
    this.second.set(second);
    this.step = step;
  }
}
