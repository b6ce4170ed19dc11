#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { canonicalJson, digestOf } from "./harness/contract/digest.js";
import { packageRoot, writeFileAtomically } from "./harness/contract/files.js";
import { type Example, inputText, type ScorerReference } from "./harness/contract/suite.js";
import type { Decoding } from "./harness/contract/trainer.js";
import { scorers } from "./harness/score/index.js";
import { baseModelDirectory } from "./suites/complete-suite.js";
import { promptsOf } from "./suites/trace-seq/assemble.js";
import { generateSuite } from "./suites/trace-seq/generate.js";
import { trainTokenizer } from "./suites/trace-seq/pretraining/byte-pair-encoding.js";
import { Corpus, type Encoding, tokenizerTexts, type WeightedSequence } from "./suites/trace-seq/pretraining/corpus.js";
import { initialWeights } from "./suites/trace-seq/pretraining/initial-weights.js";
import { measureListAbility } from "./suites/trace-seq/pretraining/list-ability.js";
import { type ModelFacts, modelCard } from "./suites/trace-seq/pretraining/model-card.js";
import { writeModelFiles } from "./suites/trace-seq/pretraining/model-files.js";
import { learningRateAt, type Recipe, recipe } from "./suites/trace-seq/pretraining/recipe.js";
import type { Model, Update } from "./trainers/engine/contract.js";
import { openModel } from "./trainers/engine/onnx/open.js";
import { readHeader, readTensor, writeSafetensors } from "./trainers/model/safetensors.js";

/** Where pretraining stands; beside it lie the model and the optimizer's moments of that step. */
interface State {
  recipe: string;
  step: number;
  tokens: number;
  seconds: number;
}

export interface PretrainingOptions {
  recipe: Recipe;
  /** Where checkpoints are kept; a later call with the same recipe goes on from there. */
  workDirectory: string;
  /** Where the finished model goes. */
  outputDirectory: string;
  checkpointEvery: number;
  /** Polled between steps; true leaves a checkpoint and ends. */
  cancelled: () => boolean;
  progress: (event: { step: number; loss: number; seconds: number }) => void;
}

/** What a model's card says of where it was made. */
export const machine = `${cpus()[0]?.model.trim() || process.arch}, Node ${process.versions.node}`;

export const openOptions = { device: "cpu", threads: 1, seed: 0 };

/** Trains the base model by the recipe, or goes on where it was left. Returns where it stands when it ends. */
export async function pretrain(options: PretrainingOptions): Promise<State> {
  const { recipe, workDirectory, outputDirectory, checkpointEvery, cancelled, progress } = options;
  let { model, state } = await startOrResume(options);
  const startedAt = performance.now() - state.seconds * 1000;
  const corpus = new Corpus(recipe.corpus, encodingOf(model), promptsOf(generateSuite(false).probes));
  while (state.step < recipe.steps && !cancelled()) {
    const { loss, tokens } = await takeStep(
      model,
      corpus.batch(state.step),
      learningRateAt(state.step, recipe),
      recipe,
    );
    const seconds = (performance.now() - startedAt) / 1000;
    state = { ...state, step: state.step + 1, tokens: state.tokens + tokens, seconds };
    progress({ step: state.step, loss, seconds });
    if (state.step % checkpointEvery === 0) await saveCheckpoint(workDirectory, model, state);
  }
  await saveCheckpoint(workDirectory, model, state);
  if (state.step === recipe.steps) await model.save(outputDirectory);
  await model.release();
  return state;
}

/** One step on a batch. */
export function takeStep(
  model: Model,
  batch: WeightedSequence[],
  learningRate: number,
  {
    beta1,
    beta2,
    clip,
    weightDecay,
    componentRates,
  }: Pick<Recipe, "beta1" | "beta2" | "clip" | "weightDecay"> & Pick<Update, "componentRates">,
) {
  return model.step(
    { terms: [{ kind: "language-modeling", batch, weight: 1 }] },
    { learningRate, beta1, beta2, epsilon: 1e-8, clip, weightDecay, ...(componentRates && { componentRates }) },
  );
}

async function startOrResume({ workDirectory, recipe }: PretrainingOptions): Promise<{ model: Model; state: State }> {
  const digest = digestOf(recipe);
  const stateFile = join(workDirectory, "state.json");
  if (existsSync(stateFile)) {
    const state: State = JSON.parse(readFileSync(stateFile, "utf8"));
    if (state.recipe === digest) {
      const directory = checkpointDirectory(workDirectory, state.step);
      const model = await openModel(directory, openOptions);
      const moments = readHeader(join(directory, "optimizer.safetensors"));
      const moment = (name: string) => readTensor(moments.get(name)!);
      await model.optimizer.restore({ first: moment("first"), second: moment("second"), step: state.step });
      return { model, state };
    }
  }
  const { seed, shape, tokenizer: options } = recipe;
  const texts = tokenizerTexts(seed, options.questionsPerFamily);
  const tokenizer = trainTokenizer(texts, options.vocabularySize, options.minimumCount);
  const directory = checkpointDirectory(workDirectory, 0);
  const vocabulary = Object.keys((tokenizer as { model: { vocab: object } }).model.vocab).length;
  writeModelFiles(directory, { ...shape, vocabulary }, tokenizer);
  writeSafetensors(join(directory, "model.safetensors"), initialWeights({ ...shape, vocabulary }, seed));
  const model = await openModel(directory, openOptions);
  return { model, state: { recipe: digest, step: 0, tokens: 0, seconds: 0 } };
}

/** The state is written last: until then the earlier checkpoint counts. */
async function saveCheckpoint(workDirectory: string, model: Model, state: State): Promise<void> {
  const directory = checkpointDirectory(workDirectory, state.step);
  mkdirSync(directory, { recursive: true });
  await model.save(directory);
  const { first, second } = await model.optimizer.save();
  writeSafetensors(
    join(directory, "optimizer.safetensors"),
    Object.entries({ first, second }).map(([name, values]) => ({ name, shape: [values.length], values })),
  );
  const stateFile = join(workDirectory, "state.json");
  const before: State | undefined = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : undefined;
  writeFileAtomically(stateFile, canonicalJson(state));
  const outdated = before?.step ?? 0;
  if (outdated !== state.step) rmSync(checkpointDirectory(workDirectory, outdated), { recursive: true, force: true });
}

/** Opens a finished model and measures what its card tells. */
async function measure(directory: string, state: State): Promise<ModelFacts> {
  const suite = generateSuite(false);
  const model = await openModel(directory, openOptions);
  const probes: ModelFacts["probes"] = [];
  for (const { title, kind, examples, scorer, maxNewTokens } of suite.probes) {
    const score = await meanScore(model, examples, scorer, maxNewTokens);
    probes.push({ title, kind, items: examples.length, score });
  }
  const tasks: ModelFacts["tasks"] = [];
  for (const { title, validation, scorer, maxNewTokens } of suite.tasks) {
    tasks.push({ title, score: await meanScore(model, validation, scorer, maxNewTokens) });
  }
  const lists = await measureListAbility(suite.tasks, (prompts, decoding) => answers(model, prompts, decoding));
  await model.release();
  return {
    recipe,
    parameters: model.parameters,
    vocabulary: model.tokenizer.vocabularySize,
    tokens: state.tokens,
    seconds: state.seconds,
    machine,
    suiteVersion: suite.version,
    probes,
    tasks,
    lists,
  };
}

/** The mean score of a model's greedy answers. */
export async function meanScore(model: Model, examples: Example[], scorer: ScorerReference, maxNewTokens: number) {
  const { score } = scorers.find(({ name }) => name === scorer.name)!;
  const outputs = await answers(
    model,
    examples.map(({ input }) => inputText(input)),
    { maxNewTokens },
  );
  const scores = examples.map((example, i) => score(example, outputs[i]!, scorer.options ?? {}).score);
  return scores.reduce((sum, value) => sum + value, 0) / scores.length;
}

/** What a model answers to each prompt. */
export async function answers(model: Model, prompts: string[], decoding: Decoding): Promise<string[]> {
  const { beginToken, encode } = encodingOf(model);
  const requests = prompts.map((prompt, id) => ({ id: String(id), tokens: [beginToken, ...encode(prompt)] }));
  return (await model.generate(requests, decoding)).map(({ text }) => text);
}

/** What the corpus needs to know of a model's tokenizer. */
export function encodingOf({ tokenizer }: Model): Encoding {
  const { vocabularySize, beginToken, endToken } = tokenizer;
  return { vocabularySize, beginToken: beginToken!, endToken, encode: (text) => tokenizer.encode(text) };
}

function checkpointDirectory(workDirectory: string, step: number): string {
  return join(workDirectory, `step-${step}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: baseModelDirectory },
      work: { type: "string", default: join(packageRoot, "runs/pretraining") },
    },
  });
  let cancelled = false;
  process.once("SIGINT", () => {
    cancelled = true;
  });
  const state = await pretrain({
    recipe,
    workDirectory: values.work,
    outputDirectory: values.out,
    checkpointEvery: 250,
    cancelled: () => cancelled,
    progress: ({ step, loss, seconds }) => {
      const line = progressLine(step, recipe.steps, loss, seconds);
      if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
      else if (step % 100 === 0) process.stderr.write(`${line}\n`);
    },
  });
  if (state.step < recipe.steps) {
    process.stderr.write("\nStopped. The same command goes on from here.\n");
    process.exitCode = 130;
    return;
  }
  const card = modelCard(await measure(values.out, state));
  writeFileAtomically(join(values.out, "README.md"), card);
  process.stdout.write(`\n${card}\nWritten to ${values.out}\n`);
}

function progressLine(step: number, steps: number, loss: number, seconds: number): string {
  const width = 24;
  const filled = Math.round((width * step) / steps);
  const left = Math.round((seconds / step) * (steps - step));
  const bar = "█".repeat(filled) + "░".repeat(width - filled);
  return `${bar} ${step}/${steps}  loss ${loss.toFixed(3)}  ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left `;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
