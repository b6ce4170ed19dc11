import { random } from "../../../harness/contract/random.js";
import type { BufferItem } from "../../../harness/contract/trainer.js";
import { balance } from "../../training/balance.js";
import type { Source, Strategy, TaskContext } from "../../training/strategy.js";
import type { Method } from "../method.js";

interface ReplayOptions {
  share: number;
  bufferSize: number;
  newRatio: number | null;
  generalItems: number;
  generalShare: number;
}

/**
 * Experience replay ("Replay" in TRACE, arXiv 2310.06762): after each task a random share of its training data goes
 * into the buffer, and later batches mix new items with the buffer's. Options: share, bufferSize, newRatio,
 * generalItems, generalShare (replay of tasks alone does not protect general ability). Privileges: a buffer of
 * `bufferSize` items of past tasks; `generalItems` items of general ability.
 */
export const replay: Method = {
  name: "replay",
  summary: "Mixes a buffer with a random 10% of each earlier task's data into the new task's batches.",
  source: "arXiv 2310.06762, Replay",
  version: 1,
  options: {
    share: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.1,
      description: "Share of each task's training data that the buffer keeps, as far as it has room.",
    },
    bufferSize: {
      type: "integer",
      minimum: 1,
      default: 4000,
      description: "Most items in the buffer. When they do not fit, the tasks with most give way.",
    },
    newRatio: {
      type: ["number", "null"],
      exclusiveMinimum: 0,
      maximum: 1,
      default: null,
      description:
        "Share of new items in the batches, from the second task on. By default buffer and new data mix in proportion to their sizes.",
    },
    generalItems: {
      type: "integer",
      minimum: 0,
      default: 0,
      description: "Items of general ability rehearsed from the first task on.",
    },
    generalShare: {
      type: "number",
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.1,
      description: "Their share of every batch; the rest is divided as without them.",
    },
  },
  space: { newRatio: { values: [null, 0.2, 0.5, 0.8] }, learningRate: { low: 1e-4, high: 3e-3, scale: "log" } },
  needs(options) {
    const { bufferSize, generalItems } = options as unknown as ReplayOptions;
    return { pastData: { buffer: bufferSize }, generalItems };
  },
  strategy: (options) => replayStrategy(options as unknown as ReplayOptions),
};

function replayStrategy(options: ReplayOptions): Strategy {
  return {
    name: "replay",
    claims: ["buffer"],
    mixture(task) {
      const sources = [generalSource(task, options.generalShare)];
      const past = task.buffer.items();
      if (past.length > 0) {
        const newShare = options.newRatio ?? task.newItems.length / (task.newItems.length + past.length);
        sources.push({
          name: `past of ${task.view.index}`,
          items: past.map((item) => ({ example: item.example, task: task.task(item.taskId) })),
          share: (1 - newShare) * (1 - sources[0]!.share),
        });
      }
      return sources;
    },
    async afterTask(task) {
      const kept = balance([...task.buffer.items(), ...drawn(task, options.share)], options.bufferSize);
      task.buffer.set(kept);
      task.note("items in the buffer", kept.length);
    },
  };
}

function generalSource({ view }: TaskContext, share: number): Source {
  return {
    name: `general of ${view.index}`,
    items: view.generalItems.map((example) => ({ example, task: undefined })),
    share: view.generalItems.length > 0 ? share : 0,
  };
}

/** A random share of each new task's items, the same for the same seed and task. */
function drawn(task: TaskContext, share: number): BufferItem[] {
  return task.view.tasks.flatMap(({ task: { id }, train }) =>
    random({ seed: task.seed, stream: "replay", task: id })
      .sample(train, Math.max(1, Math.round(share * train.length)))
      .map((example) => ({ taskId: id, example })),
  );
}
