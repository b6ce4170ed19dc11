import { parentPort, workerData } from "node:worker_threads";
import { toBenchError } from "../../contract/errors.js";
import type { Learner } from "../../contract/trainer.js";
import { loadRegistry } from "../../plugins.js";
import { engineChoice } from "../../run/plan/engine.js";
import type { ModelResult, ModelSetup, ModelTask, ModelValue, PartialText } from "./messages.js";

let opened: Promise<Learner> | undefined;

/** Entry of the worker of one version: opens its model once, and answers with it. */
export default async function runTask(task: ModelTask): Promise<ModelResult> {
  try {
    return { ok: true, value: await computed(task, await learner()) };
  } catch (error) {
    return { ok: false, error: toBenchError(error).toRecord() };
  }
}

/** Opened once, and again where what computed has ended, such as a process that was killed. */
async function learner(): Promise<Learner> {
  const known = opened;
  const isGone = known === undefined || (await known.catch(() => ({ ended: true }))).ended === true;
  if (isGone && opened === known) opened = open(workerData as ModelSetup);
  return opened!;
}

async function computed(task: ModelTask, learner: Learner): Promise<ModelValue> {
  if (task.type === "open") return learner.joins === true;
  if (task.type === "embed") return learner.embed?.(task.texts.map((text) => [{ type: "text", text }]));
  const counts: number[] = [];
  const requests = task.requests.map(({ id, prompt, scope }) => {
    return { id, input: [{ type: "text" as const, text: prompt }], ...(scope !== undefined && { scope }) };
  });
  const answers = await learner.generate(requests, task.decoding, {
    prompt: (index, tokens) => {
      counts[index] = tokens;
    },
    // that of one would end those that were given with it
    ...(task.requests.length === 1 && { cancelled: () => Atomics.load(task.requests[0]!.cancelled, 0) !== 0 }),
    ...(task.watched && {
      text: (index: number, text: string) => {
        const message: PartialText = { request: task.requests[index]!.number, text };
        parentPort!.postMessage(message);
      },
    }),
  });
  return answers.map((answer, index) => ({ ...answer, promptTokens: counts[index] ?? null }));
}

async function open(setup: ModelSetup): Promise<Learner> {
  const { plugins, trainer, options, model, engine: name, compute, device, threads, chat } = setup;
  const registry = await loadRegistry(plugins);
  const engine = name === undefined ? undefined : await engineChoice(name, model, registry, compute);
  return registry
    .trainer(trainer)
    .create({ model, engine, device, threads, seed: 0, options, tasks: [], quick: false, ...(chat && { chat }) });
}
