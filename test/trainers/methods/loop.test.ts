import { join } from "node:path";
import { expect, test } from "vitest";
import type { LearnProgress } from "../../../harness/contract/trainer.js";
import { trainers } from "../../../trainers/methods/catalog.js";
import { readHeader, readTensor } from "../../../trainers/model/safetensors.js";
import { composeStrategies } from "../../../trainers/training/compose.js";
import type { StepContext, Strategy } from "../../../trainers/training/strategy.js";
import {
  abc,
  bufferFor,
  byName,
  contextFor,
  learnAll,
  learnContext,
  named,
  openLearner,
  savedBy,
  tinyTask,
  viewOf,
} from "./rig.js";

const sequential = byName(trainers, "sequential");

test("joint sees the same number of tokens as the sequence, and the same steps", async () => {
  const tasks = [tinyTask("a", 24, 3), tinyTask("b", 40, 5), tinyTask("c", 10, 2)];
  const inTurn = await learnAll(sequential, {}, { tasks });
  const atOnce = await learnAll(byName(trainers, "joint"), {}, { tasks });
  expect((await atOnce.learner.cost()).trainedTokens).toBe((await inTurn.learner.cost()).trainedTokens);
  expect((await inTurn.learner.cost()).trainedTokens).toBeGreaterThan(0);
  expect(atOnce.reports[0]!.steps).toBe(inTurn.reports.reduce((sum, report) => sum + report.steps, 0));
});

test("the loss falls on what is trained", async () => {
  const { reports } = await learnAll(sequential, { steps: 40, learningRate: 5e-3 }, { tasks: [abc[0]!] });
  const { curve, finalLoss } = reports[0]!;
  expect(finalLoss!).toBeLessThan(curve[0]!.loss / 4);
});

test("cancelling stops at the next step", async () => {
  const context = contextFor(sequential, {});
  const learner = await sequential.create(context);
  const events: LearnProgress[] = [];
  let polls = 0;
  const learning = learner.learn(
    viewOf(0),
    learnContext(bufferFor(sequential, context.options), {
      cancelled: () => ++polls > 2,
      progress: (event) => events.push(event),
    }),
  );
  await expect(learning).rejects.toMatchObject({ code: "CANCELLED" });
  expect(polls).toBe(3);
  expect(events.every(({ step }) => step <= 2)).toBe(true);
});

test("a loss that is not finite is an error, not a result", async () => {
  const learning = learnAll(sequential, { learningRate: 1e30, warmupSteps: 0, clip: null, steps: 20 });
  await expect(learning).rejects.toMatchObject({ code: "DIVERGED" });
});

test("early stopping ends where earlier tasks only lose, and goes back to the best check", async () => {
  const earlyStopping = { every: 2, patience: 2, items: 8 };
  const options = { earlyStopping, steps: 60, learningRate: 5e-3, warmupSteps: 0 };
  const tasks = [tinyTask("a"), tinyTask("b")];
  const { reports, learner } = await learnAll(sequential, options, { tasks });
  expect(reports[0]!.steps).toBe(60);
  const stopped = reports[1]!;
  expect(stopped.steps).toBeLessThan(60);
  expect(stopped.notes["stopped early at step"]).toBe(stopped.steps);
  const retained = await pastScore(learner);
  const plain = await learnAll(sequential, { ...options, earlyStopping: null }, { tasks });
  expect(retained).toBeGreaterThan(await pastScore(plain.learner));

  async function pastScore(of: typeof learner): Promise<number> {
    const scores = await of.score(
      tasks[0]!.validation.map(({ id, input, references }) => ({ id, input, continuation: references[0]! })),
    );
    return scores.reduce((sum, score) => sum + score, 0);
  }
});

test("component rates reach the parameters that they name, and no others", async () => {
  const start = await parametersAfter(null);
  const all = await parametersAfter({ weightDecay: 0 });
  const named = (part: string) => Object.keys(start).filter((name) => name.includes(part));
  const still = await parametersAfter({ componentRates: { embed_tokens: 0 }, weightDecay: 0 });
  expect(named("embed_tokens").length).toBeGreaterThan(0);
  for (const name of Object.keys(start)) {
    if (name.includes("embed_tokens")) {
      expect(still[name], name).toEqual(start[name]);
      expect(all[name], name).not.toEqual(start[name]);
    } else expect(still[name], name).not.toEqual(start[name]);
  }
  expect(await parametersAfter({ componentRates: { model: 0 }, weightDecay: 0 })).toEqual(start);
});

test.each([0.5, 1])("clipping at %d reaches the update, and leaves gradients below it as they are", async (clip) => {
  // Without second moments' memory and with a large ε, AdamW's change is proportional to the clipped gradient.
  const plain = { steps: 1, beta1: 0, beta2: 0, epsilon: 1e6, learningRate: 1e6, warmupSteps: 0, weightDecay: 0 };
  const start = await parametersAfter(null);
  const lengthOfChange = async (limit: number | null) => {
    const after = await parametersAfter({ ...plain, clip: limit });
    const changes = Object.entries(after).flatMap(([name, values]) =>
      values.map((value, index) => value - start[name]![index]!),
    );
    return Math.sqrt(changes.reduce((sum, change) => sum + change * change, 0));
  };
  const free = await lengthOfChange(null);
  expect(free).toBeGreaterThan(1);
  expect(await lengthOfChange(clip)).toBeCloseTo(clip, 3);
  expect(await lengthOfChange(free * 2)).toBeCloseTo(free, 6);
});

test.each([
  ["constant", [1e-3, 1e-3, 1e-3, 1e-3]],
  ["linear", [1e-3, 7.5e-4, 5e-4, 2.5e-4]],
  ["cosine", [1e-3, 8.5355e-4, 5e-4, 1.4645e-4]],
])("a %s schedule is the loop's", async (schedule, expected) => {
  const options = { steps: 4, schedule, warmupSteps: 0, finalShare: 0, learningRate: 1e-3 };
  const { reports } = await learnAll(sequential, options, { tasks: [abc[0]!] });
  expect(reports[0]!.curve.map(({ learningRate }) => Number(learningRate.toPrecision(5)))).toEqual(expected);
});

test("the schedule's rate is the rate of each step, task by task", async () => {
  const { reports } = await learnAll(sequential, {
    steps: 4,
    schedule: "constant",
    warmupSteps: 2,
    decayFactor: 0.5,
    learningRate: 1e-3,
  });
  const rates = reports.map(({ curve }) => curve.map(({ learningRate }) => learningRate));
  expect(rates).toEqual([
    [5e-4, 1e-3, 1e-3, 1e-3],
    [2.5e-4, 5e-4, 5e-4, 5e-4],
    [1.25e-4, 2.5e-4, 2.5e-4, 2.5e-4],
  ]);
});

test("hooks see the batch that is trained, and shares that leave nothing new are an error", async () => {
  const seen: StepContext[] = [];
  const watching: Strategy = { beforeStep: async (step) => void seen.push(step) };
  const all: Strategy = {
    mixture: (task) => [{ name: "again", items: task.newItems, share: 1 }],
  };
  const context = contextFor(sequential, { steps: 3 });
  const buffer = bufferFor(sequential, context.options);
  const learner = await openLearner(context, composeStrategies([named("watching", watching)]));
  await learner.learn(viewOf(0), learnContext(buffer));
  expect(seen.map(({ step, steps, batch }) => [step, steps, batch.length])).toEqual([
    [0, 3, 4],
    [1, 3, 4],
    [2, 3, 4],
  ]);
  const greedy = await openLearner(context, composeStrategies([named("all", all)]));
  await expect(greedy.learn(viewOf(0), learnContext(buffer))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

/** The parameters by name after one task with these options; with null, those of the base. */
async function parametersAfter(options: Record<string, unknown> | null): Promise<Record<string, number[]>> {
  const { learner } = await learnAll(sequential, options ?? {}, { tasks: options ? [abc[0]!] : [] });
  const directory = await savedBy(learner);
  await learner.release();
  const stored = readHeader(join(directory, "model", "model.safetensors"));
  return Object.fromEntries([...stored].map(([name, tensor]) => [name, [...readTensor(tensor)]]));
}
