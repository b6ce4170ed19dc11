import type { BufferItem } from "../../harness/contract/trainer.js";

/** At most `capacity` items: the largest equal limit per task that fits. Items of a task stand in random order. */
export function balance(items: readonly BufferItem[], capacity: number): BufferItem[] {
  const within = (limit: number) => {
    const counts = new Map<string, number>();
    return items.filter(({ taskId }) => {
      const count = (counts.get(taskId) ?? 0) + 1;
      counts.set(taskId, count);
      return count <= limit;
    });
  };
  let limit = capacity;
  while (limit > 1 && within(limit).length > capacity) limit--;
  return within(limit).slice(0, capacity);
}
