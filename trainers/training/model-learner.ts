import { digestOf } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { Part } from "../../harness/contract/suite.js";
import type {
  Decoding,
  Generation,
  GenerationObserver,
  GenerationRequest,
  LearnContext,
  Learner,
  LearnerCost,
  LearnReport,
  ScoreRequest,
  TrainingView,
} from "../../harness/contract/trainer.js";
import type { EngineRequest, Meter, Model } from "../engine/contract.js";
import { type EncodedPrompt, SequenceEncoder } from "./sequences.js";
import { loadJson, saveJson } from "./state.js";
import type { Fits, Question, ReadQuestion, RoutedRequest } from "./strategy.js";

/** What of an encoded prompt the model is asked with. */
export function questionOf({ tokens, images }: EncodedPrompt): Pick<EngineRequest, "tokens" | "images"> {
  return images === undefined ? { tokens } : { tokens, images };
}

/** Writes what is to be said of a task into its report's notes. */
export const noteInto =
  (notes: LearnReport["notes"]) =>
  (name: string, value: number | string): void => {
    notes[name] = value;
  };

/** What every learner over a `Model` shares: prompts, answers, log-likelihoods, meters. How it learns is left open. */
export abstract class ModelLearner implements Learner {
  protected readonly model: Model;
  protected readonly encoder: SequenceEncoder;
  /** What learners before this one, in the same cell, have used. */
  #spent = { flops: 0, trainedTokens: 0, generatedTokens: 0 };

  protected constructor(model: Model, maxTokens: number, chat = false) {
    this.model = model;
    this.encoder = new SequenceEncoder(model.tokenizer, Math.min(maxTokens, model.contextLength), chat, model.images);
  }

  get joins(): boolean {
    return this.model.joins === true;
  }

  get ended(): boolean {
    return this.model.ended === true;
  }

  abstract learn(view: TrainingView, context: LearnContext): Promise<LearnReport>;

  /** The tokens before the answer; `answerTokens` must fit behind them. */
  protected prompt(question: Question, answerTokens: number): EncodedPrompt {
    return this.encoder.encodePrompt(question.input, answerTokens);
  }

  /** Whether a prompt stays whole with an answer behind it. */
  protected readonly fits: Fits = (prompt, answerTokens) => this.encoder.fits(prompt, answerTokens);

  /** Changes questions before they are tokenized, as `Strategy.readQuestions` does. */
  protected async read(questions: readonly Question[], _answerTokens: number): Promise<ReadQuestion[]> {
    return [...questions];
  }

  /** Changes requests before the model answers them, as `Strategy.routeInference` does. */
  protected async route<R extends RoutedRequest>(requests: readonly R[]): Promise<R[]> {
    return [...requests];
  }

  async generate(
    requests: GenerationRequest[],
    decoding: Decoding,
    observer?: GenerationObserver,
  ): Promise<Generation[]> {
    if (requests.length === 0) return [];
    const maxNewTokens = this.encoder.answerLimit(decoding.maxNewTokens);
    const read = await this.read(requests, maxNewTokens);
    const encoded = requests.map((request, index) =>
      this.prompt({ ...request, input: read[index]!.input }, maxNewTokens),
    );
    const prompts = requests.map(({ id, taskId, scope }, index) => {
      return { id, taskId, ...(scope !== undefined && { scope }), ...questionOf(encoded[index]!) };
    });
    for (const [index, { tokens }] of prompts.entries()) observer?.prompt?.(index, tokens.length);
    const open = [...prompts.keys()].filter((index) => read[index]!.answer === undefined);
    const written = observer?.text && ((place: number, text: string) => observer.text!(open[place]!, answerOf(text)));
    const cancelled = observer?.cancelled && ((place: number) => observer.cancelled!(open[place]!));
    const routed = open.length === 0 ? [] : await this.route(open.map((index) => prompts[index]!));
    const answered =
      routed.length === 0 ? [] : await this.model.generate(routed, { ...decoding, maxNewTokens }, written, cancelled);
    const generations = read.map(({ answer }, index): Generation => {
      if (answer === undefined) return answered.shift()!;
      observer?.text?.(index, answer);
      return { text: answer, tokens: 0, finishReason: "end" };
    });
    return generations.map((generation, index) => {
      const { evidence, retrieved } = read[index]!;
      return {
        ...generation,
        text: answerOf(generation.text),
        ...(encoded[index]!.shortened && { shortened: true }),
        ...(evidence && { evidence }),
        ...(retrieved && { retrieved }),
      };
    });
  }

  async embed(inputs: Part[][]): Promise<Float32Array[]> {
    const prompts = inputs.map((input) => this.prompt({ input }, 0));
    const cut = prompts.findIndex(({ shortened }) => shortened);
    if (cut >= 0) {
      throw new BenchError("DATA_INVALID", `text ${cut} is longer than ${this.encoder.maximum} tokens`, {
        fix: "Embed it in parts.",
      });
    }
    return this.model.embed(prompts.map((prompt, index) => ({ id: `${index}`, ...questionOf(prompt) })));
  }

  async score(requests: ScoreRequest[]): Promise<number[]> {
    const continuations = requests.map(({ continuation, input }) => this.encoder.answer(continuation, input));
    const longest = continuations.reduce((most, { length }) => Math.max(most, length), 0);
    const read = await this.read(requests, longest);
    const questions = requests.map((request, index) => {
      const continuation = continuations[index]!;
      const question = { ...request, input: read[index]!.input };
      return { ...request, ...questionOf(this.prompt(question, continuation.length)), continuation };
    });
    return this.model.score(await this.route(questions));
  }

  async save(directory: string): Promise<void> {
    saveJson(directory, "meters", await this.#meters());
  }

  async restore(directory: string): Promise<void> {
    const meters = loadJson<Meter>(directory, "meters");
    const own = await this.model.meter();
    this.#spent = {
      flops: meters.flops - own.flops,
      trainedTokens: meters.trainedTokens - own.trainedTokens,
      generatedTokens: meters.generatedTokens - own.generatedTokens,
    };
  }

  async cost(): Promise<LearnerCost> {
    return {
      ...(await this.#meters()),
      trainableParameters: 0,
      addedParameters: (await this.model.trainable()).addedParameters,
      tensorBytes: await this.model.tensorBytes(),
    };
  }

  async answerDigest(): Promise<string> {
    return digestOf({
      model: await this.model.digest(),
      maximum: this.encoder.maximum,
      ...(this.encoder.chat && { chat: true }),
    });
  }

  release(): Promise<void> {
    return this.model.release();
  }

  async #meters(): Promise<Meter> {
    const own = await this.model.meter();
    return {
      flops: this.#spent.flops + own.flops,
      trainedTokens: this.#spent.trainedTokens + own.trainedTokens,
      generatedTokens: this.#spent.generatedTokens + own.generatedTokens,
    };
  }
}

/** An answer is learned behind one space; what else a model writes around it is for the scorer to judge. */
const answerOf = (text: string): string => text.replace(/^ /, "");
