import { join } from "node:path";
import { expect, test } from "vitest";
import type { Model } from "../../../../trainers/engine/contract.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { parametersOf } from "../../../../trainers/training/parameters.js";
import { SequenceEncoder } from "../../../../trainers/training/sequences.js";
import { loadVectors } from "../../../../trainers/training/state.js";
import { abc, bufferFor, byName, contextFor, learnContext, moved, openTiny, savedBy, viewOf } from "../rig.js";

const trainer = byName(trainers, "ewc");
const shared = { steps: 12, learningRate: 3e-3, warmupSteps: 0 };

interface Stop {
  parameters: Float32Array;
  importance: Float32Array;
  anchor: Float32Array;
  model: Model;
}

/** Learns the first tasks; the state of model and strategy, read from what was saved after each. */
async function stops(given: Record<string, unknown>, tasks = 2): Promise<Stop[]> {
  const context = contextFor(trainer, { ...shared, ...given });
  const buffer = bufferFor(trainer, context.options);
  let learner = await trainer.create(context);
  const found: Stop[] = [];
  for (let index = 0; index < tasks; index++) {
    await learner.learn(viewOf(index), learnContext(buffer));
    const directory = await savedBy(learner);
    const { importance, anchor } = loadVectors(join(directory, "strategies/ewc"), "anchor");
    const model = await openTiny(directory);
    found.push({
      parameters: await parametersOf(model),
      importance: importance!,
      anchor: anchor!,
      model,
    });
    learner = await moved(learner, trainer, context);
  }
  return found;
}

/** Mean over a task's examples of the squared gradient, each example alone, over its mean. */
async function directFisher(model: Model, task: number): Promise<Float64Array> {
  const encoder = new SequenceEncoder(model.tokenizer, model.contextLength);
  const sum = new Float64Array((await model.trainable()).length);
  const { task: description, train } = abc[task]!;
  for (const example of train) {
    const sequence = encoder.sequence({ example, task: description });
    const gradient = await model.gradient({ terms: [{ kind: "language-modeling", batch: [sequence], weight: 1 }] });
    const values = await model.read(gradient);
    values.forEach((value, i) => {
      sum[i]! += value ** 2;
    });
    await model.free(gradient);
  }
  const mean = sum.reduce((total, value) => total + value, 0) / sum.length;
  return sum.map((value) => value / mean);
}

const largestError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!) / (1 + Math.abs(b[i]!))));

test("the importance is the mean squared gradient of single examples, over its mean; the anchor is where training ended", async () => {
  const [first] = await stops({ items: 1000 }, 1);
  const direct = await directFisher(first!.model, 0);
  expect(largestError(first!.importance, direct)).toBeLessThan(1e-4);
  expect(first!.importance.reduce((sum, value) => sum + value, 0) / first!.importance.length).toBeCloseTo(1, 4);
  expect(first!.anchor).toEqual(first!.parameters);
});

test("the anchors of several tasks make one quadratic: importance ΣF, anchor ΣFθ* / ΣF", async () => {
  const [first, second] = await stops({ items: 1000, lambda: 1 });
  const fresh = await directFisher(second!.model, 1);
  const expected = first!.importance.map((value, i) => value + fresh[i]!);
  expect(largestError(second!.importance, expected)).toBeLessThan(1e-4);
  const anchor = expected.map((total, i) =>
    total > 0
      ? (first!.importance[i]! * first!.anchor[i]! + fresh[i]! * second!.parameters[i]!) / total
      : second!.parameters[i]!,
  );
  expect(largestError(second!.anchor, anchor)).toBeLessThan(1e-4);
});

test("online EWC decays the old importance and moves the anchor to the latest parameters", async () => {
  const [first, second] = await stops({ items: 1000, lambda: 1, gamma: 0.5 });
  const fresh = await directFisher(second!.model, 1);
  const expected = first!.importance.map((value, i) => 0.5 * value + fresh[i]!);
  expect(largestError(second!.importance, expected)).toBeLessThan(1e-4);
  expect(second!.anchor).toEqual(second!.parameters);
});

test("labels drawn from the model give another importance than the true ones", async () => {
  const [empirical] = await stops({ fisher: "empirical" }, 1);
  const [sampled] = await stops({ fisher: "sampled" }, 1);
  expect(sampled!.parameters).toEqual(empirical!.parameters);
  expect(largestError(sampled!.importance, empirical!.importance)).toBeGreaterThan(1e-2);
});

test.each([
  ["proximal", 100],
  ["gradient", 10],
])("form %s keeps important parameters closer to their values than without a penalty", async (form, lambda) => {
  const movement = async (strength: number) => {
    const [first, second] = await stops({ form, lambda: strength });
    return first!.importance.reduce(
      (sum, importance, i) => sum + importance * (second!.parameters[i]! - first!.parameters[i]!) ** 2,
      0,
    );
  };
  const [held, free] = [await movement(lambda), await movement(0)];
  expect(held).toBeLessThan(free / 2);
  expect(held).toBeGreaterThan(0);
});
