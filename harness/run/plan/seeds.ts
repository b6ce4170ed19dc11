import { BenchError } from "../../contract/errors.js";
import type { CellRecord } from "../../contract/result.js";
import { seedsByOrder } from "../../metrics/statistics/clusters.js";

/** First seeds of two orders differ by this much, so that a run with more seeds has those of a run with fewer. */
const stride = 1000;

/**
 * The seeds of each task order. A count is nested: order k (from 0) has the seeds 1000k + 1, 1000k + 2, …, so that a
 * seed's effect averages out over orders as the order's own does. A list is crossed: the same seeds in every order, as
 * runs of earlier versions had them.
 *
 * @returns one list for each order.
 */
export function seedsOf(seeds: number | readonly number[], orders: number): number[][] {
  if (typeof seeds === "number" && orders > 1 && seeds > stride) {
    throw new BenchError("CONFIG_INVALID", `${seeds} seeds are too many for several orders`, {
      fix: `Ask for at most ${stride} seeds, or list those of every order.`,
    });
  }
  return Array.from({ length: orders }, (_, order) =>
    typeof seeds === "number" ? Array.from({ length: seeds }, (_, index) => stride * order + index + 1) : [...seeds],
  );
}

/** The list that is crossed with every order, which a count meant in earlier versions. */
export const crossedSeeds = (seeds: number): number[] => seedsOf(seeds, 1)[0]!;

/** Whether every order has the same seeds. */
export const areCrossed = (seeds: readonly number[][]): boolean =>
  seeds.every((own) => own.join() === seeds[0]!.join());

/** For people: the seeds of all orders, or those of each. */
export function seedsText(cells: readonly Pick<CellRecord, "order" | "seed">[]): string {
  const seeds = [...seedsByOrder(cells).values()].map((own) => own.join(", "));
  const same = seeds.every((own) => own === seeds[0]);
  return same ? (seeds[0] ?? "none") : `${seeds.join("; ")} (each order its own)`;
}
