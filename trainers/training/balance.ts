import type { BufferItem } from "../../harness/contract/trainer.js";

/**
 * At most `capacity` items, in the order given; where not all fit, the tasks with most give way, down to an equal
 * number each (one more for the earlier tasks where it does not divide). Of a task, the first items stay.
 */
export function balance(items: readonly BufferItem[], capacity: number): BufferItem[] {
  const counts = new Map<string, number>();
  const ranked = items.map((item, index) => {
    const rank = counts.get(item.taskId) ?? 0;
    counts.set(item.taskId, rank + 1);
    return { item, index, rank };
  });
  const kept = ranked.sort((a, b) => a.rank - b.rank || a.index - b.index).slice(0, capacity);
  return kept.sort((a, b) => a.index - b.index).map(({ item }) => item);
}
