import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { sha256 } from "../../harness/contract/digest.js";
import { readRegularFile } from "../../harness/contract/files/read-file.js";
import { packageRoot } from "../../harness/contract/files.js";
import type { Model, TrainingSequence } from "../../trainers/engine/contract.js";
import { architectures } from "../../trainers/engine/onnx/architectures/index.js";
import { openModel } from "../../trainers/engine/onnx/open.js";
import { openTorchModel } from "../../trainers/engine/torch/open.js";
import { median } from "./median.js";
import { pythonSide } from "./python-side.js";

/**
 * Trains and asks a LLaVA directory (the first argument; unless given, the embedded base of mm-seq) on the embedded engine, on
 * the PyTorch engine and in transformers, one thread each, in turns, and prints seconds and ratios. PYTHON names an interpreter with
 * torch and transformers; ROUNDS how often each is measured (5 unless given).
 */
const { python, ask, end } = pythonSide("vision.py");
const rounds = Number(process.env.ROUNDS ?? 5);
const directory = process.argv[2] ?? join(packageRoot, "suites/mm-seq/model");
const [steps, batchSize, written] = [5, 16, 8];
const settings = { threads: 1, seed: 1, python };

const images = ["rgb-160x120.jpg", "rgb-75x126.jpg", "gray-83x55.jpg", "palette-60x80.png"].map((name) => {
  const path = join(packageRoot, "test/fixtures/images", name);
  return { path, digest: sha256(readRegularFile(path)) };
});
const here = await openModel(directory, { device: "cpu", ...settings });
const there = await openTorchModel({ directory }, "cpu", settings, architectures);
const sequences = Array.from({ length: batchSize }, (_, i): TrainingSequence => {
  const prompt = [40 + i, ...here.images!, 60 + i, 61 + i, 62 + i, 63 + i, 64 + i, 65 + i];
  return {
    tokens: [...prompt, 70 + i, 71 + i, 72 + i],
    weights: [...prompt.map(() => 0), 1, 1, 1],
    images: [images[i % images.length]!],
  };
});
const update = { learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const objective = { terms: [{ kind: "language-modeling" as const, batch: sequences, weight: 1 }] };
const questions = sequences.map(({ tokens, images }, i) => ({ id: String(i), tokens: tokens.slice(0, -3), images }));

const kinds = ["training", "training, tower frozen", "answers"] as const;
type Kind = (typeof kinds)[number];

async function measure(model: Model, kind: Kind): Promise<{ seconds: number; losses: number[] }> {
  const componentRates: Record<string, number> = kind === "training" ? {} : { "vision_tower.": 0 };
  const losses: number[] = [];
  await model.optimizer.reset();
  const started = performance.now();
  if (kind === "answers") await model.generate(questions, { maxNewTokens: written });
  else for (let i = 0; i < steps; i++) losses.push((await model.step(objective, { ...update, componentRates })).loss);
  return { seconds: (performance.now() - started) / 1000, losses };
}

const { version, error } = await ask({ directory, steps, written, update, sequences });
if (error) throw new Error(`${python}: ${error}; PYTHON names an interpreter with torch, transformers and pillow.`);

console.log(
  `transformers ${version}, one thread each, ${rounds} rounds in turns: medians, and the least and most of ratios`,
);
for (const kind of kinds) {
  const sides = [() => measure(here, kind), () => measure(there, kind), (): ReturnType<typeof measure> => ask(kind)];
  const first = [];
  for (const side of sides) first.push(await side()); // warms up
  const losses = first.map(({ losses }) => losses);
  const worst = Math.max(0, ...losses.flatMap((own) => own.map((loss, i) => Math.abs(loss - losses[2]![i]!))));
  const seconds: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++)
    for (const [i, side] of sides.entries()) seconds[i]!.push((await side()).seconds);
  const ratio = (side: number) => {
    const own = seconds[2]!.map((all, round) => all / seconds[side]![round]!);
    return `${median(own).toFixed(2)} (${Math.min(...own).toFixed(2)} to ${Math.max(...own).toFixed(2)})`;
  };
  const [ours, torch, plain] = seconds.map((all) => `${(1000 * median(all)).toFixed(0)} ms`);
  const work = kind === "answers" ? `${batchSize} answers of ${written} tokens` : `${steps} steps of ${batchSize}`;
  console.log(`${kind} (${work}): embedded ${ours}, torch engine ${torch}, transformers ${plain}`);
  console.log(`  speed against transformers: embedded ${ratio(0)}, torch engine ${ratio(1)}`);
  if (kind !== "answers") console.log(`  largest difference of losses: ${worst.toExponential(1)}`);
}
end();
await Promise.all([here.release(), there.release()]);
process.exit();
