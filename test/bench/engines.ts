import { parseArgs } from "node:util";
import { checkOptions } from "../../harness/config/options.js";
import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../harness/run/cell/buffer.js";
import { describeTask, trainingViews } from "../../harness/run/cell/views.js";
import { traceSeq } from "../../suites/trace-seq/index.js";
import { trainers } from "../../trainers/methods/catalog.js";
import { llamaFormat } from "../../trainers/model-formats.js";

/**
 * The losses of the same steps on both engines, float32 on the CPU with one thread: every trainer that trains, on the
 * first two tasks of the embedded suite, so that half of the steps have a past.
 *
 *     BENCH_TORCH_PYTHON=<path> npm run bench:engines -- ewc a-gem      # all trainers without names
 *
 * Prints the largest difference of a step's loss, the losses at the end, and the seconds that each engine took.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: "string", default: "25" } },
});
const steps = Number(values.steps);
const suite = await traceSeq.load({ options: {}, quick: true });
const order = suite.orders[0]!.tasks.slice(0, 2);
const trained = trainers.filter(({ name, schedule }) => schedule !== "once" && name !== "composed");
const unknown = positionals.filter((name) => !trained.some((trainer) => trainer.name === name));
if (unknown.length > 0)
  throw new Error(`${unknown.join(", ")}: not among ${trained.map(({ name }) => name).join(", ")}`);

console.log(`${"trainer".padEnd(22)} ${"steps".padStart(5)} ${"largest".padStart(9)}  last loss  seconds onnx, torch`);
for (const trainer of trained) {
  if (positionals.length > 0 && !positionals.includes(trainer.name)) continue;
  const [onnx, torch] = [await trainOn("onnx", trainer), await trainOn("torch", trainer)];
  const differences = onnx.losses.map((loss, step) => Math.abs(loss - torch.losses[step]!));
  const columns = [
    trainer.name.padEnd(22),
    String(onnx.losses.length).padStart(5),
    Math.max(...differences)
      .toExponential(1)
      .padStart(9),
    onnx.losses.at(-1)!.toFixed(5).padStart(10),
    `${onnx.seconds.toFixed(1)}, ${torch.seconds.toFixed(1)}`.padStart(12),
  ];
  console.log(columns.join(" "));
}
process.exit(0);

/** The loss of each step, nats per token of the batch, and the time of all tasks. */
async function trainOn(name: string, definition: TrainerDefinition): Promise<{ losses: number[]; seconds: number }> {
  const options = checkOptions(definition.options, { steps }, definition.name);
  const privileges = definition.needs(options);
  const learner = await definition.create({
    model: suite.defaultModel,
    engine: {
      name,
      module: new URL("../../trainers/index.js", import.meta.url).href,
      checkpoint: await llamaFormat.open!(suite.defaultModel),
    },
    device: "cpu",
    threads: 1,
    seed: 1,
    options,
    tasks: order.map((id) => describeTask(suite.tasks.find((task) => task.id === id)!)),
    quick: true,
  });
  const buffer = new MeteredBuffer(privileges);
  const losses: number[] = [];
  const joint = definition.schedule === "joint";
  const stages = joint
    ? [{ row: 1, learn: [[0, 1]] }]
    : order.map((_, place) => ({ row: place + 1, learn: [[place]] }));
  const started = performance.now();
  for (const stage of stages) {
    for (const view of trainingViews(suite, order, { ...stage, shifted: false }, privileges, 1)) {
      const { curve } = await learner.learn(view, { buffer, cancelled: () => false, progress: () => {} });
      losses.push(...curve.map(({ loss }) => loss));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  await learner.release();
  return { losses, seconds };
}
