import type { SyntheticRecord } from "../../../harness/contract/result.js";
import type { Entry } from "../shared/entries.js";
import { count, missing, points } from "../shared/format.js";

/** Items that one trainer generated for rehearsal, by task. */
export interface SyntheticView {
  trainer: string;
  anchor: string;
  /** Cells that the means are taken over. */
  cells: number;
  rows: SyntheticRow[];
  samples: { task: string; items: SyntheticRecord["items"] }[];
}

/** A mean over the cells, with the range where they differ. */
export interface Amount {
  text: string;
  range?: string;
}

export interface SyntheticRow {
  task: string;
  drawn: Amount;
  parsed: Amount;
  kept: Amount;
  novelty: Amount;
  copies: Amount;
  distinctBigrams: Amount;
  distance: Amount;
  agreement: Amount;
  /** Reasons, the most frequent first. */
  dropped: string;
}

/** Items of a task that are shown. */
const mostSamples = 20;

/** The trainers that generated items. Samples are of the first cell. */
export function syntheticViews(entries: readonly Entry[]): SyntheticView[] {
  return entries.flatMap(({ name, anchor, cells }) => {
    const written = cells.flatMap(({ synthetic }) => (synthetic === undefined ? [] : [synthetic]));
    if (written.length === 0) return [];
    const tasks = [...new Set(written.flat().map(({ task }) => task))].sort();
    const samples = tasks.flatMap((task) => {
      const items = written[0]!.filter((set) => set.task === task).flatMap((set) => set.items);
      return items.length === 0 ? [] : [{ task, items: spread(items, mostSamples) }];
    });
    const rows = tasks.map((task) =>
      rowOf(
        task,
        written.flat().filter((set) => set.task === task),
      ),
    );
    return [{ trainer: name, anchor: `synthetic-${anchor}`, cells: written.length, rows, samples }];
  });
}

function rowOf(task: string, sets: readonly SyntheticRecord[]): SyntheticRow {
  const summary = (
    measure: (set: SyntheticRecord) => number | null | undefined,
    text: (value: number) => string,
  ): Amount => {
    const values = sets.map(measure).filter((value): value is number => value !== null && value !== undefined);
    if (values.length === 0) return { text: missing };
    const mean = text(values.reduce((sum, value) => sum + value, 0) / values.length);
    const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
    return low === high ? { text: mean } : { text: mean, range: `${low} to ${high}` };
  };
  return {
    task,
    drawn: summary(({ drawn }) => drawn, count),
    parsed: summary(({ parsed }) => parsed, count),
    kept: summary(({ kept }) => kept, count),
    novelty: summary(({ novelty }) => novelty?.mean, points),
    copies: summary(({ novelty }) => novelty?.copies, count),
    distinctBigrams: summary(({ diversity }) => diversity?.distinctBigrams, points),
    distance: summary(({ diversity }) => diversity?.distance, points),
    agreement: summary(({ agreement }) => agreement, points),
    dropped: reasonsOf(sets),
  };
}

/** Mean number of each reason per set. */
function reasonsOf(sets: readonly SyntheticRecord[]): string {
  const totals = new Map<string, number>();
  for (const { dropped } of sets) {
    for (const [reason, number] of Object.entries(dropped)) totals.set(reason, (totals.get(reason) ?? 0) + number);
  }
  const sorted = [...totals].sort(([, a], [, b]) => b - a);
  return sorted.map(([reason, total]) => `${reason} ${count(total / sets.length)}`).join(", ") || missing;
}

/** At most `most` of the items, evenly spread over all. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]!);
}
