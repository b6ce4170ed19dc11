import { random } from "../../contract/random.js";
import { sum } from "../../metrics/definition.js";
import { tossTail } from "../../metrics/statistics/sign-test.js";

/**
 * Exact two-sided McNemar test: the probability of as uneven a split of the flipped answers, were each as likely to be
 * gained as lost.
 */
export function mcnemar(gained: number, lost: number): number {
  return Math.min(1, 2 * tossTail(Math.min(gained, lost), gained + lost));
}

/** Up to this many values that are not 0 all changes of signs are tried. */
const mostForAll = 14;
const draws = 10_000;

/**
 * Two-sided paired permutation test: the probability of so large a sum, were the sign of each value a toss. Exact for few
 * values, else by 10,000 draws, always the same ones for the same number of values.
 *
 * @param values weighted differences: of items, or sums over groups of items.
 */
export function signFlips(values: readonly number[]): number {
  const moved = values.filter((value) => value !== 0);
  const observed = Math.abs(sum(moved)) - 1e-12;
  if (moved.length <= mostForAll) {
    const all = 2 ** moved.length;
    let extreme = 0;
    for (let signs = 0; signs < all; signs++) {
      const total = moved.reduce((total, value, place) => total + (signs & (1 << place) ? value : -value), 0);
      if (Math.abs(total) >= observed) extreme += 1;
    }
    return extreme / all;
  }
  const stream = random({ seed: 0, stream: "sign-flips", item: moved.length });
  let extreme = 1; // the observed signs are one of them
  for (let draw = 0; draw < draws; draw++) {
    let total = 0;
    for (const value of moved) total += stream.uniform() < 0.5 ? value : -value;
    if (Math.abs(total) >= observed) extreme += 1;
  }
  return extreme / (draws + 1);
}
