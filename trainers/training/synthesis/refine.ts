import { type TaskDescription, textInput } from "../../../harness/contract/suite.js";
import type { Instance } from "../blocks.js";
import type { TaskContext } from "../strategy.js";
import { inBatches } from "./synthesize.js";

/**
 * The latest model answers each input again, greedily, as it would at test time; what the base model answered is
 * dropped. An answer may come out empty.
 */
export async function refine(
  context: TaskContext,
  task: TaskDescription,
  instances: readonly Instance[],
): Promise<Instance[]> {
  const requests = instances.map(({ input }, index) =>
    context.request({ example: { id: `${task.id}/${index}`, input: textInput(input), references: [] }, task }),
  );
  const decoding = { maxNewTokens: task.maxNewTokens, ...(task.stop ? { stop: task.stop } : {}) };
  const answers = await inBatches(context, requests, (part) => context.model.generate(part, decoding));
  return instances.map(({ input }, index) => ({ input, output: answers[index]!.text.trim() }));
}
