import type { Entry } from "./entries.js";
import { count, points } from "./format.js";

/** What the batches of a trainer were made of: means a cell, of all its tasks together. */
export interface DrawnView {
  trainer: string;
  sources: { source: string; items: string; distinct: string; share: string }[];
}

/** The trainers that tell what they drew. An item of the past counts as distinct once for each task that it was drawn in. */
export function drawnViews(entries: readonly Entry[]): DrawnView[] {
  return entries.flatMap(({ name, cells }) => {
    const told = cells.filter(({ cost }) => cost?.learning.some(({ drawn }) => drawn !== undefined));
    const drawn = told.flatMap(({ cost }) => cost!.learning.flatMap(({ drawn: items = [] }) => items));
    const total = drawn.reduce((sum, { items }) => sum + items, 0);
    if (total === 0) return [];
    const sources = [...new Set(drawn.map(({ source }) => source))].map((source) => {
      const own = drawn.filter((entry) => entry.source === source);
      const items = own.reduce((sum, entry) => sum + entry.items, 0);
      const distinct = own.reduce((sum, entry) => sum + entry.distinct, 0);
      return {
        source,
        items: count(Math.round(items / told.length)),
        distinct: count(Math.round(distinct / told.length)),
        share: `${points(items / total)}%`,
      };
    });
    return [{ trainer: name, sources }];
  });
}
