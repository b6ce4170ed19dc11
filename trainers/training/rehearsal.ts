import { newRatio } from "../../harness/config/profile.js";
import { anyType } from "../../harness/contract/options.js";
import { Type } from "../../harness/contract/type.js";
import type { ShareSchedule, Source, TaskContext } from "./strategy.js";

/** Option of every method that rehearses from the buffer. */
export const newRatioOption = anyType(
  newRatio.share,
  newRatio.schedule,
  Type.Null({
    default: null,
    description:
      "Share of new items in the batches, from the second task on; { from, to } runs in a line over the task's steps. By default buffer and new data mix in proportion to their sizes.",
  }),
);

/** The buffer's items as a source besides the new ones, which take `newRatio` of the batches; none while it is empty. */
export function pastSources(task: TaskContext, newRatio: number | ShareSchedule | null): Source[] {
  const past = task.buffer.items();
  if (past.length === 0) return [];
  const newShare = newRatio ?? task.newItems.length / (task.newItems.length + past.length);
  return [
    {
      name: `past of ${task.view.index}`,
      kind: "past",
      items: past.map((item) => ({ example: item.example, task: task.task(item.taskId) })),
      share: typeof newShare === "number" ? 1 - newShare : { from: 1 - newShare.from, to: 1 - newShare.to },
    },
  ];
}
