import { Bench } from "tinybench";
import { fisher } from "../../trainers/engine/onnx/training/importance.js";
import { drawBatch, drawModel, update } from "./training-workload.js";

/** The time of one training step and its neighbors on a shape near the embedded model's, one thread. */
const objective = { terms: [{ kind: "language-modeling" as const, batch: drawBatch(0), weight: 1 }] };
const lora = { rank: 8, alpha: 16, dropout: 0, targetModules: ["q_proj", "v_proj"] };
const model = drawModel();
const adapted = drawModel();
adapted.adapt(lora, 1);
const dropped = drawModel();
dropped.adapt({ ...lora, dropout: 0.1 }, 1);
const anchor = model.snapshot();
const importance = model.snapshot();
const normal = await model.gradient(objective);

const bench = new Bench({ time: 2000, warmupTime: 500, throws: true });
bench
  .add("step", () => model.step(objective, update))
  .add("step, proximal", () => model.step(objective, { ...update, proximal: { anchor, importance, strength: 0.01 } }))
  .add("step, half-space", () => model.step(objective, { ...update, constraint: { kind: "half-space", normal } }))
  .add("step, LoRA", () => adapted.step(objective, update))
  .add("step, LoRA with dropout", () => dropped.step(objective, update))
  .add("gradient", async () => model.vectors.free(await model.gradient(objective)))
  .add("loss", () => model.loss(objective))
  .add("Fisher of one example", async () =>
    model.vectors.free(await fisher(model, drawBatch(0, 1), "empirical", 1, 1)),
  );
await bench.run();
console.table(
  bench.tasks.map(({ name, result }) => {
    if (result.state !== "completed") throw new Error(`${name} did not complete`);
    const { p50, p99 } = result.latency;
    return { name, "p50 ms": p50.toFixed(2), "p99 ms": p99.toFixed(2) };
  }),
);
