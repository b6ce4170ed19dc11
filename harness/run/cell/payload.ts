import { isDeepStrictEqual } from "node:util";
import type { Example } from "../../contract/suite.js";
import type { BufferItem } from "../../contract/trainer.js";

/**
 * A measure of what a buffer's items contain beyond training examples of a cell's tasks, in bytes of JSON: all but the
 * example, or the whole item where its example is none of theirs. Otherwise a sample could carry anything.
 */
export function payloadMeter(
  tasks: readonly { id: string; train: readonly Example[] }[],
  order: readonly string[],
): (item: BufferItem) => number {
  const byTask = new Map<string, ReadonlyMap<string, Example>>();
  const examplesOf = (taskId: string): ReadonlyMap<string, Example> => {
    const task = order.includes(taskId) ? tasks.find(({ id }) => id === taskId) : undefined;
    const examples = byTask.get(taskId) ?? new Map(task?.train.map((example) => [example.id, example]));
    byTask.set(taskId, examples);
    return examples;
  };
  return (item) => {
    const { taskId, example, ...others } = item;
    const known = examplesOf(taskId).get(example?.id);
    if (known === undefined || !(known === example || isDeepStrictEqual(known, example))) return bytesOf(item);
    return Object.keys(others).length === 0 ? 0 : bytesOf(others);
  };
}

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));
