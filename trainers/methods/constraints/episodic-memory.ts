import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Objective } from "../../engine/contract.js";
import { balance } from "../../training/balance.js";
import type { StepContext, TaskContext } from "../../training/strategy.js";

/** Options of methods that look at past examples for gradients, without training on them. */
export const memoryOptions = {
  memories: Type.Integer({ minimum: 1, default: 256, description: "Random examples kept of each task." }),
  bufferSize: Type.Integer({
    minimum: 1,
    default: 4000,
    description: "Most examples kept in all. When they do not fit, the tasks with most give way.",
  }),
  memoryBatch: Type.Integer({
    minimum: 1,
    default: 16,
    description: "Memories drawn for each gradient, again in every step.",
  }),
};

export type MemoryOptions = OptionsOf<typeof memoryOptions>;

/** Puts a random choice of the task's examples into the buffer. */
export async function keepMemories(task: TaskContext, { memories, bufferSize }: MemoryOptions): Promise<void> {
  const chosen = task.view.tasks.flatMap(({ task: { id }, train }) =>
    random({ seed: task.seed, stream: "memories", task: id })
      .sample(train, memories)
      .map((example) => ({ taskId: id, example })),
  );
  const kept = balance([...task.buffer.items(), ...chosen], bufferSize);
  task.buffer.set(kept);
  task.note("items in the buffer", kept.length);
}

/** The loss on `count` memories of one past task, or of all; undefined where there are none. */
export function memoryObjective(step: StepContext, count: number, taskId?: string): Objective | undefined {
  const items = step.buffer.items().filter((item) => taskId === undefined || item.taskId === taskId);
  if (items.length === 0) return undefined;
  const key = { seed: step.seed, stream: "memory-batch", task: step.view.index, step: step.step, item: taskId };
  const batch = random(key)
    .sample(items, count)
    .map((item) => step.sequence({ example: item.example, task: step.task(item.taskId) }));
  return { terms: [{ kind: "language-modeling", batch, weight: 1 }], microBatch: step.microBatch };
}

/** The past tasks that have memories, in the order in which they were learned. */
export function rememberedTasks({ buffer }: TaskContext): string[] {
  return [...new Set(buffer.items().map(({ taskId }) => taskId))];
}
