import { BenchError } from "../../../../harness/contract/errors.js";
import { type DecoderConfig, decoderShapes } from "../../../model/decoder-config.js";
import type {
  AdapterOptions,
  ComponentRates,
  Logits,
  Objective,
  PromptOptions,
  StepReport,
  TrainingSequence,
  Update,
  Vector,
} from "../../contract.js";
import { weighted } from "../../parts.js";
import { llama } from "../architectures/llama.js";
import type { DecoderArchitecture } from "../decoder/architecture.js";
import type { ImageInput } from "../decoder/decoder.js";
import { evaluationFlops, trainingFlops } from "../decoder/flops.js";
import { type Feeds, type Fetches, type Inputs, type SessionOptions, singleThread } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import { LoraAdapter } from "../parameters/lora-adapter.js";
import { ParameterStore } from "../parameters/parameter-store.js";
import { PromptTable } from "../parameters/prompt-table.js";
import { inputsOf } from "../parameters/store-tensors.js";
import { TrainableState } from "../parameters/trainable-state.js";
import { VectorPool } from "../parameters/vector-pool.js";
import { type Pictures, picturesOf } from "../vision/pictures.js";
import { largeModel, partsAtATime } from "./activations.js";
import { updateForm } from "./adamw.js";
import type { TrainingBatch } from "./batch.js";
import { freezesTower } from "./component-rates.js";
import { constrainedUpdate } from "./constrained-update.js";
import { addEmbedded, embeddedGradient, hasLargeTable } from "./embedded-apart.js";
import { checkFinite } from "./finite.js";
import { logitsOf } from "./logits.js";
import { gradientInParts, multiPassStep } from "./multi-pass-step.js";
import { prepare } from "./prepare.js";
import { isProjection } from "./projection.js";
import { quadraticsApart } from "./quadratic-in-segments.js";
import { earlierFeeds } from "./subspaces.js";
import { scalar, termValues } from "./term-values.js";
import { type TrainingForm, trainingGraph } from "./training-graph.js";
import { updateInputs } from "./update-inputs.js";

/** A Llama-family decoder that can be trained: its tensors, and the native runs that compute with them. */
export class TrainableDecoder {
  /** Every tensor of the base, by its Hugging Face name. */
  readonly base: ParameterStore;
  readonly vectors = new VectorPool();
  /** The images of sequences, where the model takes some. */
  readonly pictures: Pictures | undefined;
  adapter: LoraAdapter | null = null;
  /** Adapters beneath the one that is trained, oldest first: frozen, and folded into the base. */
  readonly earlier: LoraAdapter[] = [];
  prompts: PromptTable | null = null;
  /** Floating-point operations and tokens of training so far. */
  flops = 0;
  trainedTokens = 0;
  private ownState: TrainableState | undefined;
  /** What the orthogonality term reads of earlier adapters. */
  earlierFeeds: Feeds = {};

  /**
   * `seed` keys dropout. The weights are the caller's to give, through `base`. Up to `mostInOneGraph` parameters a step
   * is one graph, which is faster: its own vectors take less than 100 MB.
   */
  constructor(
    readonly config: DecoderConfig,
    private readonly seed: number,
    readonly session: SessionOptions = singleThread,
    readonly architecture: DecoderArchitecture = llama,
    private readonly mostInOneGraph = largeModel,
    featureBytes?: number,
  ) {
    this.base = new ParameterStore(decoderShapes(config, architecture.layerVectors?.(config)));
    this.pictures = picturesOf(config, session, featureBytes);
  }

  /** The parameters that training changes: the adapter's where there is one, else the base's. */
  get trainable(): ParameterStore {
    return (this.adapter ?? this.prompts)?.store ?? this.base;
  }

  /** These with AdamW's moments, in memory from when it is first asked for. */
  get state(): TrainableState {
    this.ownState ??= new TrainableState(this.trainable);
    return this.ownState;
  }

  /** The moments and step count: `reset`, `save`, `restore`. */
  get optimizer(): Pick<TrainableState, "reset" | "save" | "restore"> {
    return this.state;
  }

  /** Every tensor by name, the adapter's too, over the memory that training writes or over `weights` for what is trainable. */
  tensors(weights?: Vector): Inputs {
    const values = weights && this.vectors.values(weights, this.trainable.length);
    const added = this.adapter ?? this.prompts;
    return added ? { ...inputsOf(this.base), ...inputsOf(added.store, values) } : inputsOf(this.base, values);
  }

  /** Bytes of parameters, moments and vectors, and of the features of images that are kept. */
  tensorBytes(): number {
    const stack = [...this.earlier, this.adapter ?? this.prompts];
    const weights = stack.reduce((sum, own) => sum + (own?.store.length ?? 0), this.base.length);
    return 4 * (weights + 2 * this.trainable.length) + this.vectors.bytes + (this.pictures?.bytes ?? 0);
  }

  async step(objective: Objective, update: Update): Promise<StepReport> {
    const parts = partsAtATime(this, objective);
    const inOneGraph = parts.length === 1 && !isProjection(update.constraint) && !this.large;
    if (!inOneGraph) return multiPassStep(this, objective, parts, update);
    const freezesTower = this.freezesTower(update.componentRates);
    const prepared = await prepare(this, objective, { training: true, seed: this.seed, freezesTower });
    const form = { ...prepared.form, result: updateForm(update) };
    const gradient = update.reportGradient ? this.vectors.take(this.trainable.length) : undefined;
    const reported = gradient ? this.state.feeds("gradient", gradient) : {};
    const fetches = { ...prepared.fetches, ...reported, norm: null, ...this.state.updateFetches };
    const result = await this.run(
      form,
      { ...prepared.feeds, ...updateInputs(this.state, this.vectors, update) },
      fetches,
    );
    const terms = termValues(objective, prepared.batch, result);
    const loss = weighted(objective, terms);
    const gradientNorm = scalar(result.norm!);
    checkFinite(loss, gradientNorm);
    this.moved(freezesTower);
    const report = { loss, terms, gradientNorm, ...this.countTraining(prepared.batch, prepared.form.images) };
    return gradient ? { ...report, gradient: this.vectors.hold(gradient) } : report;
  }

  async loss(objective: Objective): Promise<number> {
    let sum = 0;
    for (const { objective: part } of partsAtATime(this, objective)) {
      const { form, feeds, fetches, batch } = await prepare(this, part);
      const isEmpty = Object.keys(fetches).length === 0;
      const result = isEmpty ? {} : await this.run({ ...form, result: "values" }, feeds, fetches);
      if (batch) this.spend(evaluationFlops(this.config, batch.packed, form.images));
      sum += weighted(part, termValues(part, batch, { ...result, ...(await quadraticsApart(this, part)) }));
    }
    return sum;
  }

  async gradient(objective: Objective, componentRates?: ComponentRates): Promise<Vector> {
    return (await gradientInParts(this, partsAtATime(this, objective), componentRates)).gradient;
  }

  /** The gradient with the terms' values, in `onto` added to that; `part` distinguishes a step's parts. Of rates the tower's alone counts. */
  async differentiate(objective: Objective, part = 0, rates?: ComponentRates, onto?: Vector) {
    const how = { training: true, seed: this.seed, part, freezesTower: this.freezesTower(rates) };
    const { form, feeds, fetches, batch } = await prepare(this, objective, how);
    const gradient = onto ? this.vectors.values(onto) : this.vectors.take(this.trainable.length);
    const given = onto ? this.state.feeds("sum", gradient) : {};
    const outputs = this.state.feeds(onto ? "next.sum" : "gradient", gradient);
    const embeddedApart = (this.large && batch !== null && hasLargeTable(this.state)) || undefined;
    const own = { ...form, embeddedApart, result: onto ? "sum" : "gradient" } as const;
    const isEmpty = Object.keys(fetches).length === 0;
    if (isEmpty && !onto) gradient.fill(0);
    const fetched = { ...fetches, ...outputs, ...(embeddedApart && { [embeddedGradient]: null }) };
    const result: Feeds = isEmpty ? {} : await this.run(own, { ...feeds, ...given }, fetched);
    if (embeddedApart) addEmbedded(this.base, gradient, batch!.feeds, result);
    const values = termValues(objective, batch, { ...result, ...(await quadraticsApart(this, objective, gradient)) });
    checkFinite(weighted(objective, values), gradient);
    return { gradient: onto ?? this.vectors.hold(gradient), values, ...this.countTraining(batch, form.images) };
  }

  /** An update with a given gradient. `frozen`: it is 0 where a rate is, as those that are computed here are. */
  async apply(gradient: Vector, update: Update, frozen = false): Promise<{ gradientNorm: number }> {
    const gradientNorm = await constrainedUpdate(this, gradient, update, frozen);
    this.moved(this.freezesTower(update.componentRates));
    return { gradientNorm };
  }

  /** The squares of an objective's gradient, or their roots, added to a sum. */
  async accumulate(objective: Objective, kind: "square" | "magnitude", sum: Float32Array, labels?: Int32Array) {
    const { form, feeds, fetches, batch } = await prepare(this, objective, { labels });
    const before = this.state.feeds("sum", sum);
    const after = this.state.feeds("next.sum", sum);
    const result = await this.run({ ...form, result: kind }, { ...feeds, ...before }, { ...fetches, ...after });
    this.countTraining(batch, form.images);
    checkFinite(weighted(objective, termValues(objective, batch, result)), 0);
  }

  logits(batch: readonly TrainingSequence[], at?: Vector): Promise<Logits> {
    return logitsOf(this, batch, at);
  }

  snapshot(): Vector {
    return this.vectors.copy(this.trainable.values);
  }

  restore(vector: Vector): void {
    this.trainable.values.set(this.vectors.values(vector, this.trainable.length));
    if (!this.frozen) this.pictures?.forget();
  }

  /** Adds an adapter: the base is frozen from then on. `seed` keys its initialization. Throws where there is one already. */
  adapt(options: AdapterOptions, seed: number): void {
    this.checkPlain();
    this.pictures?.forget();
    this.adapter = new LoraAdapter(this.config, options, seed);
    this.ownState = undefined;
  }

  /** Folds the adapter into the base, where it stays as it is, and adds a new one of its form. Throws where there is none. */
  stack(seed: number): void {
    const { adapter } = this;
    if (!adapter) throw new BenchError("INTERNAL", "The model has no adapter to stack another on.");
    adapter.mergeInto(this.base);
    this.earlier.push(adapter);
    this.earlierFeeds = earlierFeeds(this.earlier);
    this.adapter = new LoraAdapter(this.config, adapter.options, seed, this.earlier.length);
    this.ownState = undefined;
  }

  /** Adds a table of soft prompts: the base is frozen from then on. Throws where there is one, or an adapter, already. */
  addPrompts(options: PromptOptions, seed: number): void {
    this.checkPlain();
    this.pictures?.forget();
    this.prompts = new PromptTable(this.config, options, this.base, seed);
    this.ownState = undefined;
  }

  /** Folds the adapter into the base, which is trainable again. */
  merge(): void {
    if (!this.adapter) throw new BenchError("INTERNAL", "The model has no adapter to merge.");
    this.pictures?.forget();
    this.adapter.mergeInto(this.base);
    this.adapter = null;
    this.earlier.length = 0;
    this.ownState = undefined;
  }

  /** Whether the activations of a batch are to stay within a budget. */
  get largeBase(): boolean {
    return this.base.length > this.mostInOneGraph;
  }

  /** Whether a step's own vectors of all parameters would be a burden: it is computed in several runs then. */
  get large(): boolean {
    return this.trainable.length > this.mostInOneGraph;
  }

  /** The base as a graph's inputs, where it is not what is trained. */
  get frozenInputs(): Inputs {
    return this.frozen ? inputsOf(this.base) : {};
  }

  /** Counts floating-point operations. */
  spend(flops: number): void {
    this.flops += flops;
  }

  /** Whether the base stays as it is. */
  get frozen(): boolean {
    return this.adapter !== null || this.prompts !== null;
  }

  /** Whether an update leaves the tower as it is where the base is trained. */
  private freezesTower(componentRates?: ComponentRates): boolean {
    return this.pictures !== undefined && !this.frozen && freezesTower(this.trainable, componentRates);
  }

  /** An update was carried out; states of a tower that it changed are given up. */
  private moved(freezesTower: boolean): void {
    this.state.step++;
    if (!this.frozen && !freezesTower) this.pictures?.forget();
  }

  private checkPlain(): void {
    if (!this.frozen) return;
    throw new BenchError("INTERNAL", "The model has an adapter or prompts already.", {
      fix: "Open it again, or merge its adapter, before adding another.",
    });
  }

  /** What a forward and backward pass takes, counted. */
  private countTraining(batch: TrainingBatch | null, seen?: ImageInput): { tokens: number; flops: number } {
    const own = batch ? trainingFlops(this.config, batch.packed, this.frozen, seen) : 0;
    const flops = own + 6 * (batch?.scoreProducts ?? 0); // forward, and the gradients of queries and keys
    const tokens = batch?.tokens ?? 0;
    this.flops += flops;
    this.trainedTokens += tokens;
    return { tokens, flops };
  }

  /** Runs the graph of a form; see `trainingGraph`. */
  run(form: TrainingForm, feeds: Inputs, fetches: Fetches): Promise<Feeds> {
    const layout = this.adapter?.options ?? this.prompts?.options ?? null;
    const signature = `training ${JSON.stringify({ form, layout })}`;
    const build = () => trainingGraph(form, this.trainable, this.base, { decoder: this.architecture.decoder });
    return sessions.run(signature, build, feeds, fetches, this.session);
  }
}
