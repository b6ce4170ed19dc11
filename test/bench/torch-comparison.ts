import { performance } from "node:perf_hooks";
import { gemmPeak } from "./gemm-peak.js";
import { median } from "./median.js";
import { pythonSide } from "./python-side.js";
import { config, drawBatch, drawModel, update } from "./training-workload.js";

/** Trains the same model on the same batches here and in PyTorch, in turns, and prints the ratio of examples per second. */
const steps = 20;
const rounds = Number(process.env.ROUNDS ?? 15);
const batches = Array.from({ length: steps }, (_, step) => drawBatch(step));

const model = drawModel();
const weights = Object.fromEntries(
  model.base.tensors.map(({ name }) => [name.replace(/^model\./, ""), [...model.base.view(name)]]),
);

async function train(): Promise<{ seconds: number; losses: number[] }> {
  const losses: number[] = [];
  const started = performance.now();
  for (const batch of batches) {
    const objective = { terms: [{ kind: "language-modeling" as const, batch, weight: 1 }] };
    losses.push((await model.step(objective, update)).loss);
  }
  return { seconds: (performance.now() - started) / 1000, losses };
}

const { python, ask, end } = pythonSide("torch-comparison.py");
const { version, error } = await ask({ config, update, weights, batches });
if (error)
  console.log(`${python} has no PyTorch (${error}); PYTHON chooses another interpreter. Only our side is measured.`);

const firstPeak = await gemmPeak();
const ratios: number[] = [];
const ours: number[] = [];
let difference = 0;
for (let round = 0; round < rounds; round++) {
  const here = await train();
  ours.push(here.seconds);
  if (error) continue;
  const there = await ask(steps);
  if (round === 0) difference = Math.max(...here.losses.map((loss, i) => Math.abs(loss - there.losses[i])));
  else ratios.push(there.seconds / here.seconds);
}
end();

const seconds = median(ours) / steps;
const best = Math.min(...ours) / steps;
const tokens = batches.flat().reduce((sum, { tokens }) => sum + tokens.length, 0) / steps;
const flops = model.flops / (rounds * steps);
const peak = Math.max(firstPeak, await gemmPeak());
console.log(
  `${(16 / seconds).toFixed(0)} examples/s, ${(tokens / seconds).toFixed(0)} tokens/s, ${(1000 * seconds).toFixed(2)} ms a step`,
);
console.log(
  `${(flops / best / 1e9).toFixed(1)} GFLOP/s in the best round, ${((100 * flops) / best / peak).toFixed(0)}% of the GEMM peak here (${(peak / 1e9).toFixed(0)} GFLOP/s)`,
);
if (!error) {
  console.log(
    `PyTorch ${version}, eager, one thread: examples/s ratio ${median(ratios).toFixed(2)} (median of ${ratios.length} paired runs, ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  );
  console.log(`largest difference of losses over ${steps} steps: ${difference.toExponential(1)}`);
  if (difference > 1e-4) process.exitCode = 1;
}
