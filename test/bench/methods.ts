import { parseArgs } from "node:util";
import { checkOptions } from "../../harness/config/options.js";
import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../harness/run/cell/buffer.js";
import { describeTask, trainingViews } from "../../harness/run/cell/views.js";
import { traceSeq } from "../../suites/trace-seq/index.js";
import { trainers } from "../../trainers/methods/catalog.js";
import { llamaFormat } from "../../trainers/model-formats.js";

interface Timing {
  steps: number;
  whole: number;
  flops: number;
}

/**
 * What a method costs beside plain fine-tuning: the time of the same steps on the third task of the embedded suite, when
 * there is a past, over that of `sequential`, in turns, and what it takes before and after them.
 *
 *     npm run bench:methods -- ewc a-gem      # all methods without names
 *
 * Prints medians over the rounds, with the range: noise of the machine is in both sides of a ratio.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "3" }, steps: { type: "string", default: "40" } },
});
const rounds = Number(values.rounds);
const steps = Number(values.steps);
const suite = await traceSeq.load({ options: {}, quick: true });
const order = suite.orders[0]!.tasks.slice(0, 3);
const trained = trainers.filter(
  ({ name, schedule }) => schedule === "sequence" && name !== "composed" && name !== "endpoint",
);
const chosen = positionals.length > 0 ? trained.filter(({ name }) => positionals.includes(name)) : trained;
const unknown = positionals.filter((name) => !trained.some((trainer) => trainer.name === name));
if (unknown.length > 0)
  throw new Error(`${unknown.join(", ")}: not among ${trained.map(({ name }) => name).join(", ")}`);
const reference = trainers.find(({ name }) => name === "sequential")!;

console.log(`Time of ${steps} steps over that of sequential, median of ${rounds} rounds (lowest to highest):`);
for (const trainer of chosen.filter((own) => own !== reference)) {
  const ratios: Timing[] = [];
  for (let round = 0; round < rounds; round++) {
    const [plain, own] = [await timed(reference), await timed(trainer)];
    const ratio = (key: keyof Timing) => own[key] / plain[key];
    ratios.push({ steps: ratio("steps"), whole: ratio("whole"), flops: ratio("flops") });
  }
  const text = (key: keyof Timing) => {
    const sorted = ratios.map((ratio) => ratio[key]).sort((a, b) => a - b);
    return `${sorted[Math.floor(rounds / 2)]!.toFixed(2)} (${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)})`;
  };
  console.log(
    `  ${trainer.name.padEnd(20)} steps ${text("steps")}, whole task ${text("whole")}, FLOPs ${ratios[0]!.flops.toFixed(2)}`,
  );
}

/** Milliseconds of the third task, from its first step to its last and all of `learn`, and its floating-point operations. */
async function timed(definition: TrainerDefinition): Promise<Timing> {
  const options = checkOptions(definition.options, { steps }, definition.name);
  const privileges = definition.needs(options);
  const tasks = order.map((id) => describeTask(suite.tasks.find((task) => task.id === id)!));
  const learner = await definition.create({
    model: suite.defaultModel,
    engine: {
      name: "onnx",
      module: new URL("../../trainers/index.js", import.meta.url).href,
      checkpoint: await llamaFormat.open!(suite.defaultModel),
    },
    device: "cpu",
    threads: 1,
    seed: 1,
    options,
    tasks,
    quick: true,
  });
  const buffer = new MeteredBuffer(privileges);
  const elapsed: Timing = { steps: 0, whole: 0, flops: 0 };
  for (const place of order.keys()) {
    const [view] = trainingViews(suite, order, { row: place + 1, learn: [[place]], shifted: false }, privileges, 1);
    const before = (await learner.cost()).flops!;
    const started = performance.now();
    let first = 0;
    let last = 0;
    const observe = async (step: number) => {
      if (step === 1) first = performance.now();
      last = performance.now();
    };
    await learner.learn(view!, { buffer, cancelled: () => false, progress: () => {}, observe });
    const whole = performance.now() - started;
    Object.assign(elapsed, { steps: last - first, whole, flops: (await learner.cost()).flops! - before });
  }
  await learner.release();
  return elapsed;
}
