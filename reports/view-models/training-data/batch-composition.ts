import type { Entry } from "../shared/entries.js";
import { count, points } from "../shared/format.js";

/** Sources of the items in the batches of a trainer: means per cell, summed over tasks. */
export interface BatchCompositionView {
  trainer: string;
  sources: { source: string; items: string; distinct: string; share: string }[];
}

/** The trainers that report their batches. An item counts as distinct once for each task in whose training it was drawn. */
export function batchCompositionViews(entries: readonly Entry[]): BatchCompositionView[] {
  return entries.flatMap(({ name, cells }) => {
    const reporting = cells.filter(({ cost }) => cost?.learning.some(({ drawn }) => drawn !== undefined));
    const drawn = reporting.flatMap(({ cost }) => cost!.learning.flatMap(({ drawn: items = [] }) => items));
    const total = drawn.reduce((sum, { items }) => sum + items, 0);
    if (total === 0) return [];
    const sources = [...new Set(drawn.map(({ source }) => source))].map((source) => {
      const own = drawn.filter((entry) => entry.source === source);
      const items = own.reduce((sum, entry) => sum + entry.items, 0);
      const distinct = own.reduce((sum, entry) => sum + entry.distinct, 0);
      return {
        source,
        items: count(Math.round(items / reporting.length)),
        distinct: count(Math.round(distinct / reporting.length)),
        share: `${points(items / total)}%`,
      };
    });
    return [{ trainer: name, sources }];
  });
}
