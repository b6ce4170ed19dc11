import { parseArgs } from "node:util";
import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { trainers } from "../../trainers/methods/catalog.js";
import { named, openLearner } from "./method-workload.js";

/**
 * The losses of the same steps on both engines, float32 on the CPU with one thread: every trainer that trains, on the
 * first two tasks of the embedded suite, so that half of the steps have a past.
 *
 *     BENCH_TORCH_PYTHON=<path> npm run bench:engines -- ewc a-gem      # all trainers without names
 *
 * Prints the largest difference of a step's loss, the losses at the end, and the seconds that each engine took; fails
 * where a difference is above its bound. `test/bench/float64` makes the PyTorch engine a reference in float64.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: "string", default: "25" } },
});
/** Largest difference of losses; more where float32 itself differs by more from float64 (the PyTorch engine's README). */
const bounds: Record<string, number> = { "progressive-prompts": 1e-3 };
const commonBound = 1e-4;
const steps = Number(values.steps);
const tasks = 2;
const trained = trainers.filter(({ name, schedule }) => schedule !== "once" && name !== "composed");

console.log(`${"trainer".padEnd(22)} ${"steps".padStart(5)} ${"largest".padStart(9)}  last loss  seconds onnx, torch`);
for (const trainer of named(positionals, trained)) {
  const [onnx, torch] = [await trainOn("onnx", trainer), await trainOn("torch", trainer)];
  const differences = onnx.losses.map((loss, step) => Math.abs(loss - torch.losses[step]!));
  const largest = Math.max(...differences);
  if (largest > (bounds[trainer.name] ?? commonBound)) process.exitCode = 1;
  const columns = [
    trainer.name.padEnd(22),
    String(onnx.losses.length).padStart(5),
    largest.toExponential(1).padStart(9),
    onnx.losses.at(-1)!.toFixed(5).padStart(10),
    `${onnx.seconds.toFixed(1)}, ${torch.seconds.toFixed(1)}`.padStart(12),
  ];
  console.log(columns.join(" "));
}
process.exit();

/** The loss of each step, nats per token of the batch, and the time of all tasks. */
async function trainOn(engine: string, definition: TrainerDefinition): Promise<{ losses: number[]; seconds: number }> {
  const { learner, context, views } = await openLearner(definition, { tasks, steps, engine });
  const places = Array.from({ length: tasks }, (_, place) => place);
  const rows = definition.schedule === "joint" ? [places] : places.map((place) => [place]);
  const losses: number[] = [];
  const started = performance.now();
  for (const [index, learned] of rows.entries()) {
    for (const view of views(index + 1, [learned])) {
      const { curve } = await learner.learn(view, context);
      losses.push(...curve.map(({ loss }) => loss));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  await learner.release();
  return { losses, seconds };
}
