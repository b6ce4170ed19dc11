import { mean } from "./definition.js";

/** One value of one run. */
export interface Observation {
  order: string;
  seed: number;
  value: number;
}

/** Groups by a key, in order of first appearance. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * One value for each task order: the mean over its seeds. Runs of one order are not independent of each other, so the
 * orders, not the runs, are what an interval counts.
 */
export function orderMeans(observations: readonly Observation[]): Map<string, number> {
  const groups = groupBy(observations, ({ order }) => order);
  return new Map([...groups].map(([order, runs]) => [order, mean(runs.map(({ value }) => value))]));
}

/** a − b for each order, over the pairs of runs that share order and seed; an order without a pair is left out. */
export function pairedDifferences(a: readonly Observation[], b: readonly Observation[]): Map<string, number> {
  const partners = new Map(b.map((run) => [`${run.seed}|${run.order}`, run.value]));
  const pairs = a.flatMap((run) => {
    const partner = partners.get(`${run.seed}|${run.order}`);
    return partner === undefined ? [] : [{ ...run, value: run.value - partner }];
  });
  return orderMeans(pairs);
}
