import type { AlertSettings } from "../../contract/alert.js";
import { random } from "../../contract/random.js";
import { mean } from "../../metrics/definition.js";
import { points } from "../../metrics/score-text.js";
import { groupBy } from "../../metrics/statistics/clusters.js";
import { fallProbability } from "../../metrics/statistics/sign-test.js";
import type { HeldOutItem, HeldOutSettings } from "../held-out.js";
import { type Change, judged } from "./change.js";

/** Scores by item that those of now are compared with. */
export interface Reference {
  /** In words. */
  against: string;
  scores: ReadonlyMap<string, number>;
}

/** The scores of one version on held-out items, as it answered them last. */
export class Retention {
  readonly #sets: Map<string, HeldOutItem[]>;
  readonly #each: number;
  readonly #now = new Map<string, number>();
  #rounds = 0;

  constructor({ items, each }: HeldOutSettings) {
    this.#each = each;
    this.#sets = groupBy(items, ({ metric }) => metric);
    for (const [metric, all] of this.#sets) {
      this.#sets.set(metric, random({ seed: 0, stream: "monitor", task: metric }).shuffle(all));
    }
  }

  /** By item. */
  get scores(): ReadonlyMap<string, number> {
    return this.#now;
  }

  /** The mean of each set. */
  get means(): [subject: string, score: number][] {
    return [...this.#sets.keys()].map((subject) => [subject, mean(this.#known(subject).map(([, score]) => score))]);
  }

  /** Asks the next items of each set. */
  async ask(score: (item: HeldOutItem) => Promise<number>): Promise<void> {
    const round = this.#rounds++;
    for (const all of this.#sets.values()) {
      for (let index = 0; index < Math.min(this.#each, all.length); index++) {
        const item = all[(round * this.#each + index) % all.length]!;
        this.#now.set(item.id, await score(item));
      }
    }
  }

  /**
   * Compares each set with each reference, item by item. The sign test is exact at each look, and of the error that
   * `noise` allows look n may spend 1/log₂(n + 1) − 1/log₂(n + 2), shared by all comparisons: over all looks that adds up
   * to `noise`, so by the union bound chance raises an alert about a version with that probability at most, however
   * long it is watched.
   *
   * @param look 1 for the first one at the version.
   */
  changes(references: readonly Reference[], look: number, settings: AlertSettings): Change[] {
    const watched = [...this.#sets].flatMap(([subject, [first]]) =>
      first!.kind === undefined ? [] : references.map((reference) => ({ subject, kind: first!.kind!, reference })),
    );
    const spent = (1 / Math.log2(look + 1) - 1 / Math.log2(look + 2)) / watched.length;
    return watched.flatMap(({ subject, kind, reference: { against, scores } }) => {
      const pairs = this.#known(subject).flatMap(([id, now]) =>
        scores.has(id) ? [[scores.get(id)!, now] as const] : [],
      );
      if (pairs.length === 0) return [];
      const [before, now] = [mean(pairs.map(([first]) => first)), mean(pairs.map(([, last]) => last))];
      const items = pairs.length;
      const facts = { kind, subject, before, now, items, probability: fallProbability(pairs) };
      const text = `${subject} fell ${points(before)} → ${points(now)} against ${against} (${items} items)`;
      const worse = before > 0 ? (before - now) / before : 0;
      const noise = settings.noise === null ? null : settings.noise * spent;
      return [{ ...facts, against, text, ...judged({ ...facts, worse }, settings, noise) }];
    });
  }

  #known(subject: string): (readonly [string, number])[] {
    const all = this.#sets.get(subject)!;
    return all.flatMap(({ id }) => (this.#now.has(id) ? [[id, this.#now.get(id)!] as const] : []));
  }
}
