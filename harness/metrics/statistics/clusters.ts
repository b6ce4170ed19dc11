import { mean } from "../definition.js";

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
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
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

/** The key of a run's order and seed, by which runs are paired. */
export const placeOf = ({ order, seed }: Pick<Observation, "order" | "seed">): string => `${seed}|${order}`;

/** a − b of each pair of runs that share order and seed; a run without a partner is left out. */
export function pairedDifferences(a: readonly Observation[], b: readonly Observation[]): Observation[] {
  const partners = new Map(b.map((run) => [placeOf(run), run.value]));
  return a.flatMap((run) => {
    const partner = partners.get(placeOf(run));
    return partner === undefined ? [] : [{ order: run.order, seed: run.seed, value: run.value - partner }];
  });
}

/** How many runs an order has on average. */
export function runsPerOrder(runs: readonly Pick<Observation, "order">[]): number {
  return runs.length / new Set(runs.map(({ order }) => order)).size;
}

/** The seeds of each order, ascending. */
export function seedsByOrder(runs: readonly Pick<Observation, "order" | "seed">[]): Map<string, number[]> {
  const groups = [...groupBy(runs, ({ order }) => order)];
  return new Map(
    groups.map(([order, own]) => [order, [...new Set(own.map(({ seed }) => seed))].sort((a, b) => a - b)]),
  );
}

/** How many seeds an order has; the most, where orders differ. */
export function seedsPerOrder(runs: readonly Pick<Observation, "order" | "seed">[]): number {
  return Math.max(0, ...[...seedsByOrder(runs).values()].map(({ length }) => length));
}
