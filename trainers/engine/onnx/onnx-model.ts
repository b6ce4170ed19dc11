import type { Decoding, Generation } from "../../../harness/contract/trainer.js";
import { type Checkpoint, digestModel, openCheckpoint, saveCheckpoint } from "../../model/checkpoint.js";
import { lacksAdapter } from "../../model/fit-tensors.js";
import { FoldedAdapters } from "../../model/folded-adapters.js";
import { holdsAdapter } from "../../model/peft.js";
import { keysOf, openPrompts, savePromptRows, savePrompts } from "../../model/prompt-files.js";
import { imageTokens } from "../../model/vision/vision-config.js";
import type {
  AdapterOptions,
  Attention,
  Cancelled,
  ComponentRates,
  EngineRequest,
  FisherKind,
  InputMoments,
  Logits,
  Meter,
  Model,
  Objective,
  PromptOptions,
  StepReport,
  Tokenizer,
  Trainable,
  TrainingSequence,
  Update,
  Vector,
  Written,
} from "../contract.js";
import { byWeights, joinable } from "../requests.js";
import { architectures } from "./architectures/index.js";
import type { DecoderArchitecture } from "./decoder/architecture.js";
import type { SessionOptions } from "./graph/session.js";
import { activations, inputMoments } from "./inference/activations.js";
import { attention } from "./inference/attention.js";
import { generate } from "./inference/generate.js";
import type { InferenceModel } from "./inference/inference.js";
import { inferenceOf } from "./inference/inference-of.js";
import { RunningBatch, serving } from "./inference/running-batch.js";
import { embed, score } from "./inference/score.js";
import { fillStore, piecesOf, readStore, takeFrom, tensorsOf } from "./parameters/store-tensors.js";
import { adaptersOf, loadAdapter, SavedFor } from "./saved-for.js";
import { headSensitivity } from "./training/head-sensitivity.js";
import { fisher, sensitivity } from "./training/importance.js";
import { TrainableDecoder } from "./training/trainable-decoder.js";

/** A model of one of the `architectures` in this process: training, generation and files as one. */
export class OnnxModel implements Model {
  readonly tokenizer: Tokenizer;
  readonly architecture: string;
  readonly contextLength: number;
  readonly images: readonly number[] | undefined;
  private readonly decoder: TrainableDecoder;
  private inferenceFlops = 0;
  private generatedTokens = 0;
  private readonly folded = new FoldedAdapters();
  private readonly savedFor: SavedFor;
  /** Where requests come one by one. */
  private readonly running: RunningBatch | undefined;

  /** @param location what it is opened from, where that is not the checkpoint's directory alone. */
  constructor(
    private readonly checkpoint: Checkpoint<DecoderArchitecture>,
    seed: number,
    session: SessionOptions,
    location: string = checkpoint.directory,
    prefixBytes?: number,
    featureBytes?: number,
    mostInOneGraph?: number,
  ) {
    const { config, architecture, tokenizer } = checkpoint;
    this.savedFor = new SavedFor(checkpoint, location, this.folded);
    this.tokenizer = tokenizer;
    this.architecture = architecture.name;
    this.contextLength = config.contextLength;
    this.images = config.vision && imageTokens(config.vision);
    this.decoder = new TrainableDecoder(config, seed, session, architecture, mostInOneGraph, featureBytes);
    takeFrom(this.decoder.base, checkpoint, this.decoder.largeBase && prefixBytes === undefined ? session : undefined);
    if (prefixBytes !== undefined)
      this.running = new RunningBatch(config, () => this.inference(undefined), tokenizer, serving(prefixBytes));
  }

  get parameters(): number {
    return this.decoder.base.length;
  }

  get firstVirtualToken(): number {
    return this.checkpoint.config.vocabulary;
  }

  async trainable(): Promise<Trainable> {
    const { adapter, earlier, prompts, trainable } = this.decoder;
    const addedParameters = ((adapter ?? prompts)?.store.length ?? 0) * (1 + earlier.length);
    return { length: trainable.length, layout: trainable.tensors, addedParameters };
  }

  readonly optimizer: Model["optimizer"] = {
    reset: async () => this.decoder.optimizer.reset(),
    save: async () => this.decoder.optimizer.save(),
    restore: async (state) => this.decoder.optimizer.restore(state),
  };

  step(objective: Objective, update: Update): Promise<StepReport> {
    this.beforeChange();
    return this.decoder.step(objective, update);
  }

  loss(objective: Objective): Promise<number> {
    return this.decoder.loss(objective);
  }

  gradient(objective: Objective, componentRates?: ComponentRates): Promise<Vector> {
    return this.decoder.gradient(objective, componentRates);
  }

  apply(gradient: Vector, update: Update): Promise<{ gradientNorm: number }> {
    this.beforeChange();
    return this.decoder.apply(gradient, update);
  }

  logits(batch: readonly TrainingSequence[], at?: Vector): Promise<Logits> {
    return this.decoder.logits(batch, at);
  }

  fisher(examples: readonly TrainingSequence[], kind: FisherKind, seed: number, coverage = 0.999): Promise<Vector> {
    return fisher(this.decoder, examples, kind, seed, coverage);
  }

  sensitivity(examples: readonly TrainingSequence[]): Promise<Vector> {
    return sensitivity(this.decoder, examples);
  }

  async dot(a: Vector, b: Vector): Promise<number> {
    return this.decoder.vectors.dot(a, b);
  }

  async combine(weights: readonly number[], vectors: readonly Vector[]): Promise<Vector> {
    return this.decoder.vectors.combine(weights, vectors);
  }

  async multiply(a: Vector, b: Vector): Promise<Vector> {
    return this.decoder.vectors.multiply(a, b);
  }

  async snapshot(): Promise<Vector> {
    return this.decoder.snapshot();
  }

  async restore(vector: Vector): Promise<void> {
    this.beforeChange();
    this.decoder.restore(vector);
  }

  async free(vector: Vector): Promise<void> {
    this.decoder.vectors.free(vector);
  }

  async read(vector: Vector, start = 0, end = vector.length): Promise<Float32Array> {
    return this.decoder.vectors.values(vector).slice(start, end);
  }

  async write(values: Float32Array): Promise<Vector> {
    return this.decoder.vectors.copy(values);
  }

  async adapt(options: AdapterOptions, seed: number): Promise<void> {
    this.running?.forget();
    this.decoder.adapt(options, seed);
  }

  async stack(seed: number): Promise<void> {
    this.running?.forget();
    this.savedFor.base(this.decoder); // of the base as it is before the adapter is folded into it
    this.decoder.stack(seed);
  }

  async addPrompts(options: PromptOptions, seed: number): Promise<void> {
    this.running?.forget();
    this.decoder.addPrompts(options, seed);
  }

  async savePrompts(directory: string, start: number, count: number): Promise<void> {
    const tensors = tensorsOf(this.decoder.prompts!.store);
    savePromptRows(directory, this.decoder.config, tensors, { start, count }, this.savedFor.base(this.decoder));
  }

  async promptKeys(): Promise<Float32Array[]> {
    return this.decoder.prompts ? keysOf(tensorsOf(this.decoder.prompts.store)) : [];
  }

  async merge(): Promise<void> {
    this.running?.forget();
    if (this.decoder.adapter) this.folded.add(adaptersOf(this.decoder));
    this.savedFor.forget();
    this.decoder.merge();
  }

  get joins(): boolean {
    return this.running !== undefined;
  }

  async generate(
    requests: readonly EngineRequest[],
    decoding: Decoding,
    written?: Written,
    cancelled?: Cancelled,
  ): Promise<Generation[]> {
    const generations = await (this.running && joinable(requests)
      ? this.running.answerAll(requests, decoding, written, cancelled)
      : this.answer(requests, (model, own) => {
          const hear: Written | undefined = written && ((i, text) => written(requests.indexOf(own[i]!), text));
          return generate(model, this.tokenizer, own, decoding, hear);
        }));
    this.generatedTokens += generations.reduce((sum, { tokens }) => sum + tokens!, 0);
    return generations;
  }

  score(requests: readonly (EngineRequest & { continuation: readonly number[] })[]): Promise<number[]> {
    return this.answer(requests, score);
  }

  activations(requests: readonly EngineRequest[]): Promise<Record<string, Float32Array>> {
    return activations(this.inference(undefined), requests);
  }

  inputMoments(requests: readonly EngineRequest[], modules: readonly string[]): Promise<InputMoments[]> {
    return inputMoments(this.inference(undefined), requests, modules);
  }

  attention(requests: readonly (EngineRequest & { queries: readonly number[] })[]): Promise<Attention[]> {
    return this.answer(requests, attention);
  }

  headSensitivity(examples: readonly TrainingSequence[]): Promise<Float32Array[]> {
    return headSensitivity(this.decoder, this.inference(undefined), examples);
  }

  embed(requests: readonly EngineRequest[]): Promise<Float32Array[]> {
    return this.answer(requests, embed);
  }

  async save(directory: string, weights?: Vector): Promise<void> {
    const { adapter, prompts, trainable, config } = this.decoder;
    if (adapter)
      return this.folded.save(directory, adaptersOf(this.decoder, weights), this.savedFor.base(this.decoder));
    const tensors = tensorsOf(trainable, weights && this.decoder.vectors.values(weights, trainable.length));
    if (prompts) savePrompts(directory, config, tensors, this.savedFor.base(this.decoder));
    else saveCheckpoint(directory, this.checkpoint, tensors);
  }

  async load(directory: string): Promise<void> {
    this.running?.forget();
    const { prompts, adapter } = this.decoder;
    if (prompts) return fillStore(prompts.store, openPrompts(directory), directory);
    if (holdsAdapter(directory)) return loadAdapter(this.decoder, this.folded, directory, () => this.stack(0));
    if (adapter) throw lacksAdapter(directory);
    this.beforeChange();
    this.decoder.pictures?.forget();
    readStore(this.decoder.base, openCheckpoint(directory, architectures));
  }

  async digest(): Promise<string> {
    const added = this.decoder.adapter ?? this.decoder.prompts;
    const stores = [this.decoder.base, ...(added ? [added.store] : [])];
    return digestModel(this.checkpoint, piecesOf(...stores), added?.options);
  }

  async tensorBytes(): Promise<number> {
    return this.decoder.tensorBytes();
  }

  async meter(): Promise<Meter> {
    const { flops, trainedTokens } = this.decoder;
    return { flops: flops + this.inferenceFlops, trainedTokens, generatedTokens: this.generatedTokens };
  }

  async release(): Promise<void> {
    this.decoder.vectors.clear();
  }

  private answer<R extends EngineRequest, T>(
    requests: readonly R[],
    compute: (model: InferenceModel, requests: readonly R[]) => Promise<T[]>,
  ): Promise<T[]> {
    return byWeights(requests, (own, weights) => compute(this.inference(weights), own));
  }

  private inference(weights: Vector | undefined): InferenceModel {
    return inferenceOf(this.decoder, weights, (flops) => {
      this.inferenceFlops += flops;
    });
  }

  /** To be called before what is trained changes: the base is, where nothing was added to it. */
  private beforeChange(): void {
    this.running?.forget();
    if (this.decoder.trainable !== this.decoder.base) return;
    this.folded.lose();
    this.savedFor.forget();
  }
}
