import { mean } from "../../metrics/definition.js";
import { kolmogorovSmirnov } from "../../metrics/statistics/kolmogorov-smirnov.js";
import { meanDiscrepancy } from "../../metrics/statistics/mean-discrepancy.js";
import { populationStability } from "../../metrics/statistics/population-stability.js";

/** Windows over which chance shows a change in one of them, by each statistic, with a probability of at most 5%. */
export const windows = 500;

/** From which population stability index a shift is one, as while a run trains, and at which probability by chance. */
export const [shiftedFrom, significance] = [0.2, 0.05 / windows];

/** Prompts of a window that are embedded, those of one look, and permutations of the test of their embeddings. */
const [embedded, atOnce, permutations] = [48, 24, 1 / significance - 1];

/** How the calls of now differ from the first ones. */
export interface TrafficChange {
  calls: number;
  /** Means of seconds, and the probability of such different times by chance. */
  seconds: { before: number; now: number; probability: number };
  /** Of the lengths of prompts, in characters. */
  lengths: { stability: number; probability: number };
  /** Of the embeddings of prompts; undefined where the version gives none. */
  embeddings: { squared: number; probability: number } | undefined;
}

/** Windows of a version's calls: numbers, and of the newest prompts the texts, in memory until they are embedded. */
export class Traffic {
  readonly #first = new Window();
  #last = new Window();
  #texts: string[] = [];
  #givesVectors = true;

  /** @param calls of a window. */
  constructor(private readonly calls: number) {}

  /** Takes a call into account. Calls beyond a window that was not compared yet are left out. */
  add(prompt: string, seconds: number): void {
    const window = this.#first.seconds.length < this.calls ? this.#first : this.#last;
    if (window.seconds.length === this.calls) return;
    window.seconds.push(seconds);
    window.lengths.push(prompt.length);
    this.#texts.push(prompt.slice(0, 4000));
    if (this.#texts.length > atOnce) this.#texts.shift();
  }

  /**
   * Compares the first window with the last one, once that is full; the next one begins then.
   *
   * @param embed gives the vectors of texts; undefined where the version has none.
   */
  async compare(embed: (texts: string[]) => Promise<Float32Array[] | undefined>): Promise<TrafficChange | undefined> {
    const [first, last] = [this.#first, this.#last];
    const window = last.seconds.length === 0 ? first : last;
    const texts = this.#texts.splice(0);
    if (this.#givesVectors && texts.length > 0 && window.vectors.length < embedded) {
      const vectors = await embed(texts);
      this.#givesVectors = vectors !== undefined;
      window.vectors.push(...(vectors ?? []));
    }
    if (last.seconds.length < this.calls) return undefined;
    this.#last = new Window();
    const seconds = { before: mean(first.seconds), now: mean(last.seconds) };
    const lengths = kolmogorovSmirnov(first.lengths, last.lengths);
    const enough = [first, last].every(({ vectors }) => vectors.length >= atOnce);
    return {
      calls: this.calls,
      seconds: { ...seconds, probability: kolmogorovSmirnov(first.seconds, last.seconds).probability },
      lengths: {
        stability: populationStability(first.lengths, last.lengths),
        probability: lengths.probability,
      },
      embeddings: enough ? discrepancy(first.vectors, last.vectors) : undefined,
    };
  }
}

class Window {
  readonly seconds: number[] = [];
  readonly lengths: number[] = [];
  readonly vectors: Float32Array[] = [];
}

function discrepancy(first: readonly Float32Array[], last: readonly Float32Array[]) {
  const { squared, pValue } = meanDiscrepancy(first, last, permutations, { seed: 0, stream: "asked" });
  return { squared, probability: pValue };
}
