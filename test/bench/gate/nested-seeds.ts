import { random } from "../../../harness/contract/random.js";
import { orderMeans } from "../../../harness/metrics/statistics/clusters.js";
import { tInterval } from "../../../harness/metrics/statistics/statistics.js";
import { seedsOf } from "../../../harness/run/plan/seeds.js";
import { percent, type Table } from "./table.js";

/** How often the 95% interval of one entry holds the truth, 0, where orders and seeds have effects of standard deviation 1. */
export function coverage(seeds: number | number[], orders: number, trials: number): number {
  const held = Array.from({ length: trials }, (_, trial) => {
    const effect = (stream: string, item: number) => random({ seed: trial, stream, item }).normal();
    const runs = seedsOf(seeds, orders).flatMap((own, order) =>
      own.map((seed) => ({ order: String(order), seed, value: effect("order", order) + effect("seed", seed) })),
    );
    const { low, high } = tInterval([...orderMeans(runs).values()], null);
    return low! <= 0 && high! >= 0;
  });
  return held.filter(Boolean).length / trials;
}

export function coverageTable(trials: number): Table {
  return {
    head: ["orders", "the same two seeds in every order", "each order its own two"],
    rows: [3, 5, 8].map((orders) => [
      String(orders),
      percent(coverage([1, 2], orders, trials)),
      percent(coverage(2, orders, trials)),
    ]),
  };
}
