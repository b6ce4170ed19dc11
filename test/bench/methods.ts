import { checkOptions } from "../../harness/config/options.js";
import type { Learner, LearnProgress, TrainerDefinition } from "../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../harness/run/buffer.js";
import { describeTask, trainingViews } from "../../harness/run/views.js";
import { traceSeq } from "../../suites/trace-seq/index.js";
import { methods, trainers } from "../../trainers/methods/catalogue.js";

/**
 * What each method's training costs beside `sequential`, on the embedded model and suite, one thread. All learn the
 * same tasks in the same order; before the next task each has learnt the one before, in turns that rotate, so that what
 * else the machine does falls on all alike. The first task is not counted: most methods act from the second on.
 *
 *     npm run bench:methods -- ewc lwf
 *
 * Without names: every method, which takes long, as some write text or recompute many gradients. STEPS (2 or more)
 * changes the steps a task gets. How far it is goes to standard error. Ratios are medians over tasks:
 * - steps/s: pace of the loop, from a task's second step on (the first compiles graphs), method over sequential;
 * - processor: processor time of these steps, method over sequential; other programs disturb it less than the pace;
 * - whole task: time of learning with all that stands before and after the loop, method over sequential.
 */
const steps = Number(process.env.STEPS ?? 60);
if (!(steps >= 2)) throw new Error("STEPS must be 2 or more: a pace is measured between two steps");
const reference = "sequential";
const given = process.argv.slice(2);
const names = new Set([reference, ...(given.length > 0 ? given : methods.map(({ name }) => name))]);

const suite = await traceSeq.load({ options: {}, quick: false });
const order = suite.orders[0]!.tasks;
const seed = 1;

interface Pace {
  stepsPerSecond: number;
  processorPerStep: number;
  wholeTask: number;
}

interface Entrant {
  name: string;
  learner: Learner;
  learn(place: number): Promise<Pace>;
}

const entrants = await Promise.all([...names].map(enter));
const paces = new Map(entrants.map(({ name }): [string, Pace[]] => [name, []]));
for (let place = 0; place < order.length; place++) {
  const turn = place % entrants.length;
  for (const { name, learn } of [...entrants.slice(turn), ...entrants.slice(0, turn)]) {
    const pace = await learn(place);
    if (place > 0) paces.get(name)!.push(pace);
    console.error(`task ${place + 1} of ${order.length}: ${name} ${(pace.wholeTask / 1000).toFixed(1)} s`);
  }
}
for (const { learner } of entrants) await learner.release();

console.log(
  `${order.length - 1} tasks of ${steps} steps, medians over tasks of ratios to ${reference} [lowest, highest]`,
);
console.table(
  Object.fromEntries(
    entrants.map(({ name }) => [
      name,
      {
        "steps/s": ratios(name, "stepsPerSecond"),
        processor: ratios(name, "processorPerStep"),
        "whole task": ratios(name, "wholeTask"),
      },
    ]),
  ),
);

async function enter(name: string): Promise<Entrant> {
  const trainer = trainerNamed(name);
  const options = checkOptions(trainer.options, { steps }, name);
  const privileges = trainer.needs(options);
  const buffer = new MeteredBuffer(privileges);
  const tasks = order.map((id) => describeTask(suite.tasks.find((task) => task.id === id)!));
  const context = { model: suite.defaultModel, device: "cpu", threads: 1, seed, options, tasks, quick: false };
  const learner = await trainer.create(context);
  return {
    name,
    learner,
    async learn(place) {
      const stage = { row: place + 1, learn: [[place]], shifted: false };
      const [view] = trainingViews(suite, order, stage, privileges, seed);
      const loop = loopClock();
      const started = performance.now();
      await learner.learn(view!, { buffer, cancelled: () => false, progress: loop.read });
      return { ...loop.pace(), wholeTask: performance.now() - started };
    },
  };
}

function trainerNamed(name: string): TrainerDefinition {
  const trainer = trainers.find((own) => own.name === name);
  if (trainer?.schedule === "sequence") return trainer;
  throw new Error(`${name} does not train task after task; these do: ${methods.map((own) => own.name).join(", ")}`);
}

/** Reads the clocks at the steps that are reported; the pace is that between the first and the last of them. */
function loopClock() {
  const readings: { step: number; seconds: number; processor: number }[] = [];
  return {
    read({ step }: LearnProgress): void {
      const { user, system } = process.cpuUsage();
      readings.push({ step, seconds: performance.now() / 1000, processor: (user + system) / 1e6 });
    },
    pace(): Omit<Pace, "wholeTask"> {
      const [first, last] = [readings[0]!, readings.at(-1)!];
      const count = last.step - first.step;
      return {
        stepsPerSecond: count / (last.seconds - first.seconds),
        processorPerStep: (last.processor - first.processor) / count,
      };
    },
  };
}

/** Of the paces in the same task. */
function ratios(name: string, measure: keyof Pace): string {
  const own = paces.get(name)!.map((pace, task) => pace[measure] / paces.get(reference)![task]![measure]);
  const [lowest, highest] = [Math.min(...own), Math.max(...own)].map((ratio) => ratio.toFixed(2));
  return `${median(own).toFixed(2)} [${lowest}, ${highest}]`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
