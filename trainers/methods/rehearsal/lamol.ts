import type { OptionsOf } from "../../../harness/contract/options.js";
import { type Example, inputText } from "../../../harness/contract/suite.js";
import type { BufferItem } from "../../../harness/contract/trainer.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Term, TrainingSequence } from "../../engine/contract.js";
import { inputMarker, openBlock } from "../../training/blocks.js";
import { newRatioOption, pastSources } from "../../training/rehearsal.js";
import { loadJson, saveJson } from "../../training/state.js";
import type { StepContext, Strategy, TaskContext, TrainingItem } from "../../training/strategy.js";
import { parseInstance } from "../../training/synthesis/parse.js";
import { inBatches } from "../../training/synthesis/synthesize.js";
import { Tally } from "../../training/synthesis/tally.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  lambda: Type.Number({ minimum: 0, default: 0.25, description: "Weight of the loss on whole blocks." }),
  gamma: Type.Number({
    exclusiveMinimum: 0,
    default: 0.2,
    description: "Blocks written before a task, as a share of its training items.",
  }),
  temperature: Type.Number({ minimum: 0, default: 1, description: "Of the sampling." }),
  topP: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.9, description: "Nucleus of the sampling." }),
  repetitionPenalty: Type.Number({ minimum: 1, default: 1, description: "Penalty on tokens that occurred." }),
  endWeight: Type.Number({
    exclusiveMinimum: 0,
    default: 1,
    description: "Weight, in the loss on whole blocks, of the token that ends a block; the paper's code has 5.",
  }),
  newRatio: newRatioOption,
};

type LamolOptions = OptionsOf<typeof options>;

/** A task that was learned, with the tokens of its longest block. */
interface Learned {
  taskId: string;
  longest: number;
}

/**
 * LAMOL (Sun et al., arXiv 1909.03329): the model learns to write its questions as well as to answer them, loss + lambda
 * · language-modeling loss of the whole block "[task] Input: question Output: answer"; before each new task it writes
 * `gamma` times as many such blocks as the task has items, the earlier tasks alike, each behind its task's own opening
 * (the paper's task-specific token), and they are rehearsed. What does not parse and what comes twice is left out.
 * A step reads each item twice, once to answer it and once as a block, which the tokens trained include.
 *
 * Unlike the authors' code: the nucleus (`topP`) bounds the sampling, where the code has the 20 likeliest tokens; the
 * task's name in brackets opens a block, where the code has a special token a task; `endWeight` is 1.
 * Privileges: synthetic data; no real item.
 */
export const lamol = defineMethod({
  name: "lamol",
  summary: "Learns to write its own questions, and rehearses those that it writes of earlier tasks.",
  source: "arXiv 1909.03329",
  version: 1,
  modalities: ["text"],
  options,
  space: {
    lambda: { low: 0.05, high: 1, scale: "log" },
    gamma: { low: 0.05, high: 0.5, scale: "log" },
    temperature: { low: 0.2, high: 1, scale: "linear" },
    learningRate: rateRange,
  },
  needs: () => ({ pastData: "synthetic" }),
  effort: () => 2.8,
  strategy: (chosen) => new Lamol(chosen),
});

class Lamol implements Strategy {
  readonly usesOwnBatches = true;
  readonly exclusive = ["buffer"] as const;
  readonly #options: LamolOptions;
  readonly #blocks = new WeakMap<Example, TrainingSequence>();
  #learned: Learned[] = [];

  constructor(options: LamolOptions) {
    this.#options = options;
  }

  async beforeTask(task: TaskContext): Promise<void> {
    const each = Math.ceil((this.#options.gamma * task.newItems.length) / Math.max(1, this.#learned.length));
    const written: BufferItem[] = [];
    for (const learned of this.#learned) written.push(...(await this.#write(task, learned, each)));
    task.buffer.set(written);
    task.note("blocks that it wrote", written.length);
  }

  mixture(task: TaskContext) {
    return pastSources(task, this.#options.newRatio);
  }

  terms({ model, items }: StepContext): Term[] {
    const batch = items.map((item) => this.#block(model, item));
    return [{ kind: "language-modeling", batch, weight: this.#options.lambda }];
  }

  async afterTask({ model, view, newItems }: TaskContext): Promise<void> {
    for (const { task } of view.tasks) {
      const own = newItems.filter((item) => item.task?.id === task.id);
      const longest = Math.max(...own.map((item) => this.#block(model, item).tokens.length));
      this.#learned.push({ taskId: task.id, longest });
    }
  }

  async save(directory: string): Promise<void> {
    saveJson(directory, "learned", this.#learned);
  }

  async restore(directory: string): Promise<void> {
    this.#learned = loadJson<Learned[]>(directory, "learned");
  }

  /** What the model writes of a task, as the latest weights have it. */
  async #write(context: TaskContext, { taskId, longest }: Learned, count: number): Promise<BufferItem[]> {
    const { model, seed, view } = context;
    const tokens = opening(model, taskId);
    const requests = Array.from({ length: count }, (_, draw) => ({ id: `${view.index}/${taskId}/${draw}`, tokens }));
    const { temperature, topP, repetitionPenalty } = this.#options;
    const decoding = { temperature, topP, repetitionPenalty, seed, maxNewTokens: longest };
    const generations = await inBatches(context, requests, (part) => model.generate(part, decoding));
    const tally = new Tally();
    const items = tally.sift(
      generations.map((generation) => parseInstance(generation, "block")),
      [],
    );
    const { drawn, parsed, dropped } = tally;
    context.synthesized({ taskId, drawn, parsed, kept: items.length, dropped, items: items.slice(0, 1000) });
    return items.map(({ input, output }, index) => ({
      taskId,
      example: {
        id: `${taskId}/written before ${view.index}/${index}`,
        input: [{ type: "text", text: input }],
        references: [output],
      },
    }));
  }

  /** The whole block as a sequence whose every token is learned, cut to the model's context. */
  #block(model: Model, { example, task }: TrainingItem): TrainingSequence {
    const known = this.#blocks.get(example);
    if (known) return known;
    const { tokenizer, contextLength } = model;
    const start = opening(model, task?.id ?? "");
    const text = `${openBlock(inputText(example.input)).slice(inputMarker.length)} ${example.references[0]!}`;
    const whole = [...start, ...tokenizer.encode(text), tokenizer.endToken];
    const tokens = whole.slice(0, contextLength);
    const weightOf = (index: number) => (index === whole.length - 1 ? this.#options.endWeight : 1);
    const block = { tokens, weights: tokens.map((_, index) => (index < start.length ? 0 : weightOf(index))) };
    this.#blocks.set(example, block);
    return block;
  }
}

/** The prefix of every block of a task. */
function opening({ tokenizer }: Model, taskId: string): number[] {
  const begin = tokenizer.beginToken === null ? [] : [tokenizer.beginToken];
  return [...begin, ...tokenizer.encode(`[${taskId}] ${inputMarker}`)];
}
