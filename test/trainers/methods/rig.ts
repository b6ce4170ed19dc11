import { join } from "node:path";
import { expect } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { random } from "../../../harness/contract/random.js";
import type { Example, TaskDescription } from "../../../harness/contract/suite.js";
import type {
  LearnContext,
  Learner,
  LearnerContext,
  LearnReport,
  RehearsalBuffer,
  TaskData,
  TrainerDefinition,
  TrainingView,
} from "../../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../../harness/run/cell/buffer.js";
import { payloadMeter } from "../../../harness/run/cell/payload.js";
import type { Model } from "../../../trainers/engine/contract.js";
import { openModel } from "../../../trainers/engine/onnx/open.js";
import { ParametricLearner } from "../../../trainers/training/learner.js";
import type { TrainingOptions } from "../../../trainers/training/options.js";
import type { NamedStrategy, Strategy } from "../../../trainers/training/strategy.js";
import { newDirectory } from "../../files.js";
import { onnxChoice } from "../engine/onnx-choice.js";
import { qwen2Config, tinyShape, writeTinyModel } from "../model/tiny-model.js";

/** A base model of one layer with random weights; the same for every test. */
export const tinyModel = writeTinyModel(qwen2Config({ ...tinyShape, layers: 1 }), 7);

/** The base model with one thread or, of a directory that a learner saved, the model there. */
export async function openTiny(saved?: string): Promise<Model> {
  const model = await openModel(tinyModel, { device: "cpu", threads: 1, seed: 1 });
  if (saved !== undefined) await model.load(join(saved, "model"));
  return model;
}

/** A new directory with what the learner saves. */
export async function savedBy(learner: Learner): Promise<string> {
  const directory = newDirectory();
  await learner.save(directory);
  return directory;
}

const words = "sun moon tree river stone cloud bird fish lamp door road hill".split(" ");

/** A strategy under a name, for `composeStrategies`. */
export const named = (name: string, strategy: Strategy): NamedStrategy => ({ name, strategy });

/** A task whose answer follows from the words of the question, and differs from task to task. */
export function tinyTask(id: string, items = 32, trainingSteps = 4): TaskData {
  const task: TaskDescription = {
    id,
    title: id,
    language: "en",
    scorer: { name: "exact-match" },
    maxNewTokens: 3,
    trainingSteps,
  };
  const example = (split: string, index: number): Example => {
    const stream = random({ seed: 5, stream: split, task: id, item: index });
    const [first, second] = stream.sample(words, 2);
    const answer = first! < second! === (id.charCodeAt(0) % 2 === 0) ? "a" : "b";
    const text = `${id}: ${first} ${second} ${index}\nAnswer:`;
    return { id: `${id}/${split}/${index}`, input: [{ type: "text", text }], references: [answer] };
  };
  const split = (name: string, count: number) => Array.from({ length: count }, (_, index) => example(name, index));
  return { task, train: split("train", items), validation: split("validation", 8) };
}

export const abc = [tinyTask("a"), tinyTask("b"), tinyTask("c")];

const takes = (trainer: TrainerDefinition, option: string) =>
  Object.hasOwn(trainer.options.properties as object, option);

/**
 * Options of short tests, as they come out of the check. Looking at each task's data through the base model takes a tenth
 * of such a test and changes nothing that is trained, so it is left to the tests that look at what it says.
 */
export function optionsOf(trainer: TrainerDefinition, given: Record<string, unknown>): Record<string, unknown> {
  const short = {
    ...(takes(trainer, "batchSize") && { batchSize: 4 }),
    ...(takes(trainer, "monitor") && { monitor: false }),
  };
  return checkOptions(trainer.options, { ...short, ...given }, trainer.name);
}

export function contextFor(
  trainer: TrainerDefinition,
  given: Record<string, unknown>,
  seed = 1,
  tasks: readonly TaskData[] = abc,
): LearnerContext {
  return {
    model: tinyModel,
    engine: onnxChoice(tinyModel),
    device: "cpu",
    threads: 1,
    seed,
    options: optionsOf(trainer, given),
    tasks: tasks.map(({ task }) => task),
    quick: false,
  };
}

/** A context with another model: a directory, or `base::adapter`. */
export function withModel(context: LearnerContext, model: string): LearnerContext {
  return { ...context, model, engine: onnxChoice(model) };
}

/** A buffer as a cell has it: bounded in samples and in what is stored with them. */
export function bufferFor(
  trainer: TrainerDefinition,
  options: Record<string, unknown>,
  tasks: readonly TaskData[] = abc,
): MeteredBuffer {
  const known = tasks.map(({ task: { id }, train }) => ({ id, train }));
  const order = known.map(({ id }) => id);
  return new MeteredBuffer(trainer.needs(options), payloadMeter(known, order));
}

export function learnContext(buffer: RehearsalBuffer, more: Partial<LearnContext> = {}): LearnContext {
  return { buffer, cancelled: () => false, progress: () => {}, ...more };
}

export function viewOf(
  index: number,
  tasks: readonly TaskData[] = abc,
  more: Partial<TrainingView> = {},
): TrainingView {
  return { index, tasks: [tasks[index]!], pastValidation: [], generalItems: [], ...more };
}

export interface Sequence {
  learner: Learner;
  reports: LearnReport[];
  buffer: MeteredBuffer;
}

/** Learns all tasks in turn, or together for a joint trainer; with `interrupted`, in a new learner after each task. */
export async function learnAll(
  trainer: TrainerDefinition,
  given: Record<string, unknown>,
  { interrupted = false, seed = 1, tasks = abc, generalItems = [] as Example[] } = {},
): Promise<Sequence> {
  const context = contextFor(trainer, given, seed, tasks);
  const privileges = trainer.needs(context.options);
  const buffer = bufferFor(trainer, context.options, tasks);
  const pastValidation = (index: number) => (privileges.validationOfPastTasks ? tasks.slice(0, index) : []);
  const views =
    trainer.schedule === "joint"
      ? [viewOf(0, tasks, { tasks: [...tasks] })]
      : tasks.map((_, index) => viewOf(index, tasks, { pastValidation: pastValidation(index), generalItems }));
  const reports: LearnReport[] = [];
  let learner = await trainer.create(context);
  for (const view of views) {
    reports.push(await learner.learn(view, learnContext(buffer)));
    if (interrupted) learner = await moved(learner, trainer, context);
  }
  return { learner, reports, buffer };
}

/** A learner with this strategy in place of the one that the trainer of the context would make of its options. */
export const openLearner = (context: LearnerContext, strategy: Strategy): Promise<ParametricLearner> =>
  ParametricLearner.open(context, context.options as unknown as TrainingOptions, strategy);

/** The model as it was saved after each of the first tasks. */
export async function modelsAfter(
  trainer: TrainerDefinition,
  given: Record<string, unknown>,
  tasks = 2,
): Promise<Model[]> {
  const context = contextFor(trainer, given);
  const learner = await trainer.create(context);
  const buffer = bufferFor(trainer, context.options);
  const models: Model[] = [];
  for (let index = 0; index < tasks; index++) {
    await learner.learn(viewOf(index), learnContext(buffer));
    models.push(await openTiny(await savedBy(learner)));
  }
  return models;
}

/** Saves, releases, creates, restores: what the harness does after every task. */
export async function moved(learner: Learner, trainer: TrainerDefinition, context: LearnerContext): Promise<Learner> {
  const directory = await savedBy(learner);
  await learner.release();
  const next = await trainer.create(context);
  await next.restore(directory);
  return next;
}

/** Saved, released and restored after every task, a trainer ends as uninterrupted: reports, answers, meters, past data. */
export async function expectSameBits(trainer: TrainerDefinition, given: Record<string, unknown>): Promise<void> {
  const options = { ...(takes(trainer, "monitor") && { monitor: true }), ...given };
  const straight = await learnAll(trainer, options);
  const interrupted = await learnAll(trainer, options, { interrupted: true });
  expect(interrupted.reports).toEqual(straight.reports);
  expect(await interrupted.learner.answerDigest!()).toBe(await straight.learner.answerDigest!());
  expect(await interrupted.learner.cost()).toEqual(await straight.learner.cost());
  expect(interrupted.buffer.items()).toEqual(straight.buffer.items());
}

export const byName = <T extends { name: string }>(all: readonly T[], name: string): T =>
  all.find((one) => one.name === name)!;
