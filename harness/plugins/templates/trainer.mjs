// A method for bench, on the loop that the built-in ones train on. It runs as it is; put yours in its place.
// `trace-bench/kit` is there wherever this file is. For its types in an editor: npm i -D trace-bench
import { balance, defineMethod, definePlugin, pastSources, random, Type } from "trace-bench/kit";

const method = defineMethod({
  name: "my-method",
  summary: "Rehearses a few items of every earlier task.",
  source: "baseline",
  version: 1, // raise it whenever the same options would give other results
  options: {
    items: Type.Integer({ minimum: 1, default: 50, description: "Items that are kept of each task." }),
    bufferSize: Type.Integer({ minimum: 1, default: 1000, description: "Most items that are kept in all." }),
    newShare: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.5,
      description: "Share of new items in a batch.",
    }),
  },
  space: { newShare: { low: 0.2, high: 0.8, scale: "linear" } }, // what `bench tune` tries
  // What it may use besides the data of the current task: declared here, enforced, metered and shown on the leaderboard.
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize } }),
  // Made anew for each task. What it remembers from task to task goes through hooks `save` and `restore`; the buffer is
  // kept by bench. Further hooks: beforeTask, beforeStep, terms, proximal, constraint, afterStep, routeInference …
  strategy: ({ items, bufferSize, newShare }) => ({
    exclusive: ["buffer"],
    mixture: (task) => pastSources(task, newShare),
    async afterTask(task) {
      const chosen = task.view.tasks.flatMap(({ task: { id }, train }) =>
        random({ seed: task.seed, stream: "my-method", task: id })
          .sample(train, items)
          .map((example) => ({ taskId: id, example })),
      );
      task.buffer.set(balance([...task.buffer.items(), ...chosen], bufferSize));
      task.note("items in the buffer", task.buffer.items().length);
    },
  }),
});

export const plugin = definePlugin({ methods: [method] });
