import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkOptions } from "../../harness/config/options.js";
import type { Suite, Task } from "../../harness/contract/suite.js";
import type { Learner, TrainerDefinition } from "../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../harness/run/buffer.js";
import { evaluate } from "../../harness/run/evaluate.js";
import { stagesOf } from "../../harness/run/stages.js";
import { describeTask, trainingViews } from "../../harness/run/views.js";
import { scorers } from "../../harness/score/index.js";
import { traceSeq } from "../../suites/trace-seq/index.js";
import { trainers } from "../../trainers/methods/catalogue.js";

/**
 * How the trainers' defaults were found: runs candidates on the embedded suite and scores them on validation data
 * alone; the suite's tests are never asked.
 *
 *     node dist/test/bench/tune.js --trainer ewc --options '[{"lambda":20},{"lambda":50}]' --seed 11
 *
 * Prints for each candidate OP, learning accuracy and BWT in points, and the seconds of training. `--order` names one
 * of the suite's orders, `--quick` takes the smaller suite, `--model` another base model's directory.
 */
const { values } = parseArgs({
  options: {
    trainer: { type: "string" },
    options: { type: "string", default: "[{}]" },
    order: { type: "string", default: "trace-1" },
    seed: { type: "string", default: "11" },
    quick: { type: "boolean", default: false },
    model: { type: "string" },
  },
});

const suite = await traceSeq.load({ options: {}, quick: values.quick });
const trainer = trainers.find(({ name }) => name === values.trainer);
if (!trainer) throw new Error(`--trainer names one of ${trainers.map(({ name }) => name).join(", ")}`);
for (const options of JSON.parse(values.options) as Record<string, unknown>[]) {
  const { rows, seconds } = await matrixOnValidation(suite, trainer, options, Number(values.seed));
  const last = rows.at(-1)!;
  // A joint trainer learns all at once: nothing is just learnt, nothing forgotten.
  const just = rows.length === last.length ? rows.map((row, task) => row[task]!) : [];
  const forgotten = just.slice(0, -1).map((score, task) => last[task]! - score);
  console.log(
    `${trainer.name} ${JSON.stringify(options)} seed ${values.seed} ${values.order}:`,
    `OP ${points(last)}, just learnt ${points(just)}, BWT ${points(forgotten)}, ${seconds.toFixed(0)} s`,
    `| ${last.map((score) => (100 * score).toFixed(0)).join(" ")}`,
    `| ${just.map((score) => (100 * score).toFixed(0)).join(" ")}`,
  );
}

/** Scores on every task's validation data after each stage of learning; and the seconds that training took. */
async function matrixOnValidation(
  { tasks, probes, orders, generalItems, defaultModel }: Suite,
  definition: TrainerDefinition,
  given: Record<string, unknown>,
  seed: number,
): Promise<{ rows: number[][]; seconds: number }> {
  const order = orders.find(({ name }) => name === values.order)!.tasks;
  const inOrder = order.map((id) => tasks.find((task) => task.id === id)!);
  const options = checkOptions(definition.options, given, definition.name);
  const privileges = definition.needs(options);
  const buffer = new MeteredBuffer(privileges);
  const context = {
    model: values.model ?? defaultModel,
    device: "cpu",
    threads: 1,
    seed,
    options,
    tasks: inOrder.map(describeTask),
    quick: values.quick,
  };
  const rows: number[][] = [];
  let seconds = 0;
  let learner = await definition.create(context);
  for (const stage of stagesOf(definition.schedule, order.length).slice(1)) {
    const started = performance.now();
    for (const view of trainingViews({ tasks, probes, generalItems }, order, stage, privileges, seed)) {
      await learner.learn(view, { buffer, cancelled: () => false, progress: () => {} });
    }
    seconds += (performance.now() - started) / 1000;
    rows.push(await scoresOf(learner, inOrder, privileges.taskIdAtTest));
    const directory = mkdtempSync(join(tmpdir(), "bench-tune-"));
    await learner.save(directory);
    await learner.release();
    learner = await definition.create(context);
    await learner.restore(directory);
    rmSync(directory, { recursive: true });
  }
  await learner.release();
  return { rows, seconds };
}

async function scoresOf(learner: Learner, tasks: Task[], taskIdAtTest: boolean): Promise<number[]> {
  const sets = tasks.map((task) => ({ dataset: "test" as const, task, examples: task.validation }));
  const scores = await evaluate(learner, sets, {
    scorer: (name) => scorers.find((scorer) => scorer.name === name)!,
    taskIdAtTest,
    progress: () => {},
  });
  return scores.map(({ score }) => score);
}

function points(scores: number[]): string {
  if (scores.length === 0) return "–";
  return ((100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length).toFixed(1);
}
