import { checkOptions } from "../../harness/config/options.js";
import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../harness/run/cell/buffer.js";
import { describeTask, trainingViews } from "../../harness/run/cell/views.js";
import { traceSeq } from "../../suites/trace-seq/index.js";
import { llamaFormat } from "../../trainers/model-formats.js";

const suite = await traceSeq.load({ options: {}, quick: true });

/** The trainers with these names; all without names. */
export function named(names: readonly string[], trainers: readonly TrainerDefinition[]): readonly TrainerDefinition[] {
  const unknown = names.filter((name) => !trainers.some((trainer) => trainer.name === name));
  if (unknown.length > 0)
    throw new Error(`${unknown.join(", ")}: not among ${trainers.map(({ name }) => name).join(", ")}`);
  return names.length > 0 ? trainers.filter(({ name }) => names.includes(name)) : trainers;
}

/** A learner of the first tasks of the embedded suite on an engine, on the CPU with one thread. */
export async function openLearner(
  definition: TrainerDefinition,
  { tasks, steps, engine = "onnx" }: { tasks: number; steps: number; engine?: string },
) {
  const order = suite.orders[0]!.tasks.slice(0, tasks);
  const options = checkOptions(definition.options, { steps }, definition.name);
  const privileges = definition.needs(options);
  const learner = await definition.create({
    model: suite.defaultModel,
    engine: {
      name: engine,
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
  return {
    learner,
    context: { buffer: new MeteredBuffer(privileges), cancelled: () => false, progress: () => {} },
    /** What it learns from to measure a row: groups of tasks by their places. */
    views: (row: number, learn: number[][]) =>
      trainingViews(suite, order, { row, learn, shifted: false }, privileges, 1),
  };
}
