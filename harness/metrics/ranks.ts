import { mean } from "./definition.js";
import { type Observation, orderMeans, pairedDifferences, runsPerOrder } from "./statistics/clusters.js";
import { differenceSpread, type LeastSpread } from "./statistics/least-spread.js";
import { holm, pairedPValue } from "./statistics/statistics.js";

/** The places that the data leave open for an entry: 1 is the best. */
export interface RankInterval {
  best: number;
  worst: number;
}

/** The runs of an entry; higher values are better. */
export interface RankedEntry {
  runs: readonly Observation[];
  /** Of one run's value. */
  least: LeastSpread;
}

/**
 * Rank intervals from all pairwise comparisons, paired on order and seed, with Holm's correction:
 * best = 1 + number certainly better, worst = N − number certainly worse. Entries that cannot be separated overlap.
 *
 * @param entries over the same orders.
 * @returns in the order of the entries; undefined with fewer than two orders, where nothing is certain.
 */
export function rankIntervals(entries: readonly RankedEntry[], alpha = 0.05): RankInterval[] | undefined {
  if (entries.some(({ runs }) => new Set(runs.map(({ order }) => order)).size < 2)) return undefined;
  const comparisons = entries.flatMap((first, a) =>
    entries.slice(a + 1).map((second, offset) => {
      const pairs = pairedDifferences(first.runs, second.runs);
      const differences = [...orderMeans(pairs).values()];
      const least = differenceSpread(first.least, second.least, runsPerOrder(pairs));
      return { a, b: a + 1 + offset, difference: mean(differences), p: pairedPValue(differences, least) };
    }),
  );
  const adjusted = holm(comparisons.map(({ p }) => p ?? 1));
  const better = new Array<number>(entries.length).fill(0);
  const worse = new Array<number>(entries.length).fill(0);
  comparisons.forEach(({ a, b, difference }, index) => {
    if (adjusted[index]! > alpha) return;
    const [winner, loser] = difference > 0 ? [a, b] : [b, a];
    better[loser]! += 1;
    worse[winner]! += 1;
  });
  return entries.map((_, index) => ({ best: 1 + better[index]!, worst: entries.length - worse[index]! }));
}
