import { median } from "./median.js";
import { config, drawBatch, drawModel, update } from "./training-workload.js";

/**
 * Time of a training step and bytes of tensors held, low-rank adapters against full fine-tuning, on a model of Qwen2's
 * shape with more than 10 M random parameters, one thread. Steps of the two alternate, so that what else the machine
 * does falls on both alike.
 */
const shape = { ...config, vocabulary: 8000, hidden: 320, layers: 8, heads: 8, keyValueHeads: 2, intermediate: 864 };
const qwen2 = { ...shape, headDimension: shape.hidden / shape.heads };
const modules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
const lora = { rank: 8, alpha: 32, dropout: 0, targetModules: modules };
const steps = 40;

const full = drawModel(qwen2);
const adapted = drawModel(qwen2);
adapted.adapt(lora, 1);
const adaptive = drawModel(qwen2);
adaptive.adapt({ ...lora, kind: "adalora", rank: 12, targetRank: 8 }, 1);
const stacked = drawModel(qwen2);
stacked.adapt(lora, 1);
for (let task = 1; task < 4; task++) stacked.stack(1);
const entries = [
  { name: "full fine-tuning", model: full, terms: [] },
  { name: "LoRA", model: adapted, terms: [] },
  { name: "O-LoRA, 4th task", model: stacked, terms: [{ kind: "orthogonality" as const, weight: 0.5 }] },
  { name: "AdaLoRA", model: adaptive, terms: [{ kind: "orthonormality" as const, weight: 0.5 }] },
].map((entry) => ({ ...entry, times: [] as number[] }));

for (let step = -3; step < steps; step++) {
  const text = { kind: "language-modeling" as const, batch: drawBatch(Math.max(step, 0), 16, qwen2), weight: 1 };
  for (const { model, terms, times } of entries) {
    const start = performance.now();
    await model.step({ terms: [text, ...terms] }, update);
    if (step >= 0) times.push(performance.now() - start);
  }
}
console.log(`${(full.base.length / 1e6).toFixed(1)} M parameters, ${steps} steps each, one thread`);
console.table(
  entries.map(({ name, model, times }) => ({
    name,
    "trained parameters": model.trainable.length,
    "p50 ms": median(times).toFixed(1),
    "time ratio": (median(times) / median(entries[0]!.times)).toFixed(3),
    "tensor MB": (model.tensorBytes() / 1e6).toFixed(1),
    "bytes ratio": (model.tensorBytes() / full.tensorBytes()).toFixed(3),
  })),
);
