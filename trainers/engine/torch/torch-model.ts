import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../../../harness/contract/digest.js";
import type { Decoding, Generation } from "../../../harness/contract/trainer.js";
import { companionsOf, copyCompanions } from "../../model/companions.js";
import { misfit } from "../../model/fit-tensors.js";
import { holdsAdapter } from "../../model/peft.js";
import { openTokenizer } from "../../model/tokenizer/tokenizer.js";
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
  OptimizerState,
  PromptOptions,
  StepReport,
  Tokenizer,
  Trainable,
  TrainingSequence,
  Update,
  Vector,
  Written,
} from "../contract.js";
import { byWeights, checkLength } from "../requests.js";
import { startKeys, startPrompts } from "../starts.js";
import { AddedParameters } from "./added.js";
import type { GoesOn, TorchChild } from "./child.js";
import { Continuations, plain } from "./continuations.js";
import { Objectives } from "./objectives.js";
import type { OpenedModel, TorchModelOptions } from "./opened-model.js";
import { TorchPictures } from "./pictures.js";

/** A model in a child process with PyTorch. */
export class TorchModel implements Model {
  readonly tokenizer: Tokenizer;
  readonly architecture: string;
  readonly parameters: number;
  readonly contextLength: number;
  readonly images: readonly number[] | undefined;
  readonly joins: boolean;
  private readonly pictures: TorchPictures;
  private readonly added: AddedParameters;
  private readonly objectives: Objectives;
  private readonly continuations: Continuations;

  constructor(
    private readonly child: TorchChild,
    private readonly opened: OpenedModel,
    private readonly directory: string,
    { location = directory, architectures = [], vision, joins = false }: TorchModelOptions = {},
  ) {
    this.joins = joins;
    this.tokenizer = openTokenizer(directory);
    this.architecture = opened.architecture;
    this.parameters = opened.parameters;
    this.contextLength = opened.contextLength;
    this.images = vision ? imageTokens(vision) : opened.images?.tokens;
    const ask = <T>(method: string, params: object, goesOn?: GoesOn) => this.ask<T>(method, params, goesOn);
    this.pictures = new TorchPictures(vision ?? opened.images ?? undefined, ask);
    this.objectives = new Objectives(this, this.pictures, ask);
    this.continuations = new Continuations(this, this.pictures, ask);
    this.added = new AddedParameters(this, {
      ...opened,
      directory,
      location,
      architectures,
      sees: vision !== undefined,
    });
  }

  get ended(): boolean {
    return !this.child.alive;
  }

  get firstVirtualToken(): number {
    return this.opened.vocabulary;
  }

  async trainable(): Promise<Trainable> {
    const tensors = await this.ask<{ name: string; shape: number[] }[]>("layout");
    let offset = 0;
    const layout = tensors.map(({ name, shape }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      offset += length;
      return { name, shape, offset: offset - length, length };
    });
    return { length: offset, layout, addedParameters: this.added.count(offset) };
  }

  readonly optimizer: Model["optimizer"] = {
    reset: () => this.ask("reset_optimizer"),
    save: () => this.ask<OptimizerState>("save_optimizer"),
    restore: (state) => this.ask("restore_optimizer", { ...state }),
  };

  step(objective: Objective, update: Update): Promise<StepReport> {
    this.added.beforeChange();
    return this.objectives.step(objective, update);
  }

  loss(objective: Objective): Promise<number> {
    return this.objectives.loss(objective);
  }

  gradient(objective: Objective, componentRates?: ComponentRates): Promise<Vector> {
    return this.objectives.gradient(objective, componentRates);
  }

  async apply(gradient: Vector, update: Update): Promise<{ gradientNorm: number }> {
    this.added.beforeChange();
    return { gradientNorm: await this.objectives.apply(gradient, update) };
  }

  logits(batch: readonly TrainingSequence[], at?: Vector): Promise<Logits> {
    return this.objectives.logits(batch, at);
  }

  async fisher(
    examples: readonly TrainingSequence[],
    kind: FisherKind,
    seed: number,
    coverage = 0.999,
  ): Promise<Vector> {
    await this.pictures.show(examples);
    return this.ask("importance", { examples, kind, seed, coverage });
  }

  async sensitivity(examples: readonly TrainingSequence[]): Promise<Vector> {
    await this.pictures.show(examples);
    return this.ask("importance", { examples, kind: "sensitivity", seed: 0, coverage: 1 });
  }

  dot(a: Vector, b: Vector): Promise<number> {
    return this.ask("dot", { a, b });
  }

  combine(weights: readonly number[], vectors: readonly Vector[]): Promise<Vector> {
    return this.ask("combine", { weights, vectors });
  }

  multiply(a: Vector, b: Vector): Promise<Vector> {
    return this.ask("multiply", { a, b });
  }

  snapshot(): Promise<Vector> {
    return this.ask("snapshot");
  }

  restore(vector: Vector): Promise<void> {
    this.added.beforeChange();
    return this.ask("restore", { vector });
  }

  free(vector: Vector): Promise<void> {
    return this.ask("free", { vector });
  }

  read(vector: Vector, start = 0, end = vector.length): Promise<Float32Array> {
    return this.ask("read", { vector, start, end });
  }

  write(values: Float32Array): Promise<Vector> {
    return this.ask("write", { values });
  }

  async adapt(options: AdapterOptions, seed: number): Promise<void> {
    await this.added.beforeAdapter();
    await this.ask("adapt", { options });
    await this.added.startAdapter(options, seed);
  }

  async stack(seed: number): Promise<void> {
    await this.added.beforeStack();
    await this.ask("stack");
    await this.added.startStacked(seed);
  }

  async merge(): Promise<void> {
    await this.added.beforeMerge();
    await this.ask("merge");
  }

  async addPrompts(options: PromptOptions, seed: number): Promise<void> {
    const { vocabulary, hidden } = this.opened;
    await this.added.beforePrompts();
    const tokens = startPrompts(options.virtualTokens, vocabulary, seed);
    const keys = options.keys > 0 ? startKeys(options.keys, hidden, seed) : null;
    await this.ask("add_prompts", { tokens, keys });
    this.added.prompts = options;
  }

  savePrompts(directory: string, start: number, count: number): Promise<void> {
    return this.added.savePrompts(directory, start, count);
  }

  promptKeys(): Promise<Float32Array[]> {
    return this.added.promptKeys();
  }

  generate(
    requests: readonly EngineRequest[],
    decoding: Decoding,
    written?: Written,
    cancelled?: Cancelled,
  ): Promise<Generation[]> {
    return this.continuations.generate(requests, decoding, written, cancelled);
  }

  async score(requests: readonly (EngineRequest & { continuation: readonly number[] })[]): Promise<number[]> {
    for (const { id, tokens, continuation } of requests) {
      checkLength(id, tokens.length, this.contextLength - continuation.length);
    }
    await this.pictures.show(requests);
    return byWeights(requests, (own, weights) => this.ask<number[]>("score", { requests: own.map(plain), weights }));
  }

  async embed(requests: readonly EngineRequest[]): Promise<Float32Array[]> {
    for (const { id, tokens } of requests) checkLength(id, tokens.length, this.contextLength);
    await this.pictures.show(requests);
    return byWeights(requests, (own, weights) =>
      this.ask<Float32Array[]>("embed", { requests: own.map(plain), weights }),
    );
  }

  async activations(requests: readonly EngineRequest[]): Promise<Record<string, Float32Array>> {
    await this.pictures.show(requests);
    return this.ask("activations", { requests: requests.map(plain) });
  }

  async attention(requests: readonly (EngineRequest & { queries: readonly number[] })[]): Promise<Attention[]> {
    for (const { id, tokens } of requests) checkLength(id, tokens.length, this.contextLength);
    await this.pictures.show(requests);
    return byWeights(requests, (own, weights) =>
      this.ask<Attention[]>("attention", { requests: own.map(plain), weights }),
    );
  }

  async headSensitivity(examples: readonly TrainingSequence[]): Promise<Float32Array[]> {
    await this.pictures.show(examples);
    return this.ask("head_sensitivity", { examples });
  }

  async inputMoments(requests: readonly EngineRequest[], modules: readonly string[]): Promise<InputMoments[]> {
    await this.pictures.show(requests);
    return this.ask("input_moments", { requests: requests.map(plain), modules });
  }

  async save(directory: string, weights?: Vector): Promise<void> {
    if (this.added.any) return this.added.save(directory, weights);
    await this.ask("save", { directory, weights });
    copyCompanions(this.directory, directory);
  }

  async load(directory: string): Promise<void> {
    if (this.added.prompts) return this.added.loadPrompts(directory);
    if (holdsAdapter(directory)) return this.added.loadAdapter(directory);
    if (this.added.any || !existsSync(join(directory, "config.json"))) throw misfit("This model", directory);
    this.added.beforeChange();
    await this.ask("load", { directory });
  }

  async digest(): Promise<string> {
    const { architecture } = this;
    const weights = await this.ask<string>("digest");
    const files = [...companionsOf(this.directory)].filter(([name]) => /^tokenizer|^chat_template/.test(name));
    const added = this.added.form;
    const hash = createHash("sha256").update(canonicalJson({ architecture, weights, added }));
    for (const [name, bytes] of files) hash.update(`\0${name}\0`).update(bytes);
    return hash.digest("hex");
  }

  tensorBytes(): Promise<number> {
    return this.ask("tensor_bytes");
  }

  async meter(): Promise<Meter> {
    const { generatedTokens } = this.continuations;
    return { ...(await this.ask<Omit<Meter, "generatedTokens">>("meter")), generatedTokens };
  }

  async release(): Promise<void> {
    if (this.child.alive) await this.ask("release");
  }

  private ask<T = void>(method: string, params: object = {}, goesOn?: GoesOn): Promise<T> {
    return this.child.ask<T>(method, { model: this.opened.model, ...params }, undefined, goesOn);
  }
}
