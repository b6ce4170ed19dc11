import { digestOf } from "../contract/digest.js";
import type { CostRecord, TrainerRecord } from "../contract/result.js";
import { meanCost } from "./cost.js";
import { groupBy } from "./statistics/clusters.js";

/** What of an entry of a board says which trainer it is and what it cost. */
interface CostedEntry {
  record: TrainerRecord;
  model: { digest: string };
  engine: string;
  cells: ReadonlyMap<string, { cost?: CostRecord }>;
}

/**
 * The entries of a comparison at equal operations: of those of one trainer that differ in `steps` and `epochs` alone, the
 * one with the most operations within the budget. Each was trained with its whole schedule, which a point within a longer
 * training was not. Entries are left out where another of their trainer's comes nearer, where they are above the budget,
 * and where their operations are unknown.
 *
 * @param flops mean over an entry's cells, evaluation included, as boards show it.
 * @returns the kept entries in their order, and those trainers of which none is within the budget: one entry each, the
 *   one with the fewest operations.
 */
export function withinFlops<Entry extends CostedEntry>(
  entries: readonly Entry[],
  flops: number,
): { kept: Entry[]; none: { entry: Entry; flops: number | null }[] } {
  const costed = entries.map((entry) => {
    const costs = [...entry.cells.values()].flatMap(({ cost }) => cost ?? []);
    return { entry, flops: meanCost(costs).flops ?? null };
  });
  const chosen = new Set<Entry>();
  const none: { entry: Entry; flops: number | null }[] = [];
  for (const group of groupBy(costed, ({ entry }) => trainerKey(entry)).values()) {
    const sorted = group.sort((a, b) => (a.flops ?? Number.POSITIVE_INFINITY) - (b.flops ?? Number.POSITIVE_INFINITY));
    const within = sorted.findLast((one) => one.flops !== null && one.flops <= flops);
    if (within) chosen.add(within.entry);
    else none.push(sorted[0]!);
  }
  return { kept: entries.filter((entry) => chosen.has(entry)), none };
}

/** The same for entries that differ in `steps` and `epochs` alone. */
function trainerKey({ record: { name, version, options }, model, engine }: CostedEntry): string {
  const { steps: _steps, epochs: _epochs, ...rest } = options;
  return digestOf({ name, version, rest, model: model.digest, engine });
}
