import { describe, expect, test } from "vitest";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";
import { skipped } from "./python.js";

const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const batch = [{ tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] }];
const objective = { terms: [{ kind: "language-modeling" as const, batch, weight: 1 }] };

const open = (directory: string) => openTorchModel({ directory }, "cpu", { threads: 1, seed: 1, dtype: "bfloat16" });

describe.skipIf(skipped)("weights in bfloat16", () => {
  test("master weights take changes that bfloat16 would lose, and are what is saved", async () => {
    const model = await open(writeTinyModel());
    const before = await model.read(await model.snapshot());
    const small = { ...update, learningRate: 1e-5 };
    for (let step = 0; step < 3; step++) await model.step(objective, small);
    const after = await model.read(await model.snapshot());
    const moved = after.filter((value, i) => value !== before[i] && Math.abs(value - before[i]!) < 1e-4);
    expect(moved.length).toBeGreaterThan(after.length / 2);
    const saved = temporaryDirectory();
    await model.save(saved);
    const again = await open(writeTinyModel());
    await again.load(saved);
    expect(await again.digest()).toBe(await model.digest());
    expect(await again.read(await again.snapshot())).toEqual(after);
    expect(await again.loss(objective)).toBe(await model.loss(objective));
  });

  test("training lowers the loss, of the base and of an adapter", async () => {
    const model = await open(writeTinyModel());
    const losses = [await model.loss(objective)];
    for (let step = 0; step < 5; step++) await model.step(objective, update);
    losses.push(await model.loss(objective));
    await model.adapt({ rank: 2, alpha: 4, dropout: 0.1, targetModules: ["q_proj", "down_proj"] }, 1);
    for (let step = 0; step < 5; step++) await model.step(objective, update);
    losses.push(await model.loss(objective));
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
  });
});
