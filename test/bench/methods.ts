import { parseArgs } from "node:util";
import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { trainers } from "../../trainers/methods/catalog.js";
import { named, openLearner } from "./method-workload.js";

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
const tasks = 3;
const trained = trainers.filter(
  ({ name, schedule }) => schedule === "sequence" && name !== "composed" && name !== "endpoint",
);
const reference = trainers.find(({ name }) => name === "sequential")!;

console.log(`Time of ${steps} steps over that of sequential, median of ${rounds} rounds (lowest to highest):`);
for (const trainer of named(positionals, trained).filter((own) => own !== reference)) {
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
  const { learner, context, views } = await openLearner(definition, { tasks, steps });
  const elapsed: Timing = { steps: 0, whole: 0, flops: 0 };
  for (let place = 0; place < tasks; place++) {
    const [view] = views(place + 1, [[place]]);
    const before = (await learner.cost()).flops!;
    const started = performance.now();
    let first = 0;
    let last = 0;
    const observe = async (step: number) => {
      if (step === 1) first = performance.now();
      last = performance.now();
    };
    await learner.learn(view!, { ...context, observe });
    const whole = performance.now() - started;
    Object.assign(elapsed, { steps: last - first, whole, flops: (await learner.cost()).flops! - before });
  }
  await learner.release();
  return elapsed;
}
