import type { Source, TaskContext } from "./strategy.js";

/** Option of every method that rehearses from the buffer. */
export const newRatioOption = {
  type: ["number", "null"],
  exclusiveMinimum: 0,
  maximum: 1,
  default: null,
  description:
    "Share of new items in the batches, from the second task on. By default buffer and new data mix in proportion to their sizes.",
};

/** The buffer's items as a source beside the new ones, which take `newRatio` of the batches; none while it is empty. */
export function pastSources(task: TaskContext, newRatio: number | null): Source[] {
  const past = task.buffer.items();
  if (past.length === 0) return [];
  const newShare = newRatio ?? task.newItems.length / (task.newItems.length + past.length);
  return [
    {
      name: `past of ${task.view.index}`,
      items: past.map((item) => ({ example: item.example, task: task.task(item.taskId) })),
      share: 1 - newShare,
    },
  ];
}
