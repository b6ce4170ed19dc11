import { BenchError } from "../../../harness/contract/errors.js";
import type {
  AdapterOptions,
  FisherKind,
  Objective,
  StepReport,
  TrainingSequence,
  Update,
  Vector,
} from "../contract.js";
import { updateFeeds, updateForm } from "./adamw.js";
import { type TrainingBatch, trainingBatch } from "./batch.js";
import { componentRates } from "./component-rates.js";
import { forwardFlops, trainingFlops } from "./flops.js";
import { sampledLabels } from "./label-sampling.js";
import { type LlamaConfig, llamaShapes } from "./llama-config.js";
import { LoraAdapter } from "./lora.js";
import { ParameterStore } from "./parameters.js";
import { type Feeds, type Fetches, floats, type SessionOptions, singleThread, type Tensor } from "./session.js";
import { sessions } from "./session-cache.js";
import { earlierFeeds, isSubspaceTerm } from "./subspaces.js";
import { scalar, termValues, weighted } from "./term-values.js";
import { TrainableState } from "./trainable-state.js";
import { type TrainingForm, trainingGraph, updateGraph } from "./training-graph.js";
import { VectorPool } from "./vectors.js";

type Result = Readonly<Record<string, Tensor>>;

/** A Llama-family decoder that can be trained: its tensors, and the native runs that compute with them. */
export class TrainableLlama {
  /** Every tensor of the base, by its Hugging Face name. */
  readonly base: ParameterStore;
  readonly vectors = new VectorPool();
  adapter: LoraAdapter | null = null;
  /** Adapters beneath the one that is trained, oldest first: frozen, and folded into the base. */
  readonly earlier: LoraAdapter[] = [];
  /** Floating-point operations and tokens of training so far. */
  flops = 0;
  trainedTokens = 0;
  private state: TrainableState;
  private readonly baseFeeds: Feeds;
  /** What the orthogonality term reads of earlier adapters. */
  private earlierFeeds: Feeds = {};

  /** `seed` keys dropout. The weights are the caller's to fill in, through `base`. */
  constructor(
    readonly config: LlamaConfig,
    private readonly seed: number,
    readonly session: SessionOptions = singleThread,
  ) {
    this.base = new ParameterStore(llamaShapes(config));
    this.baseFeeds = tensorFeeds(this.base);
    this.state = new TrainableState(this.base);
  }

  /** The parameters that training changes: the adapter's where there is one, else the base's. */
  get trainable(): ParameterStore {
    return this.state.store;
  }

  /** AdamW's moments and step count: `reset`, `save`, `restore`. */
  get optimizer(): Pick<TrainableState, "reset" | "save" | "restore"> {
    return this.state;
  }

  /** Every tensor by name, the adapter's too, over the memory that training writes or over `weights` for what is trainable. */
  tensors(weights?: Vector): Feeds {
    const values = weights && this.vectors.values(weights, this.trainable.length);
    if (!this.adapter) return values ? tensorFeeds(this.base, values) : this.baseFeeds;
    return { ...this.baseFeeds, ...tensorFeeds(this.adapter.store, values) };
  }

  /** Bytes of parameters, moments and vectors. */
  tensorBytes(): number {
    const stack = [...this.earlier, ...(this.adapter ? [this.adapter] : [])];
    const adapter = stack.reduce((sum, { store }) => sum + store.values.byteLength, 0);
    return this.base.values.byteLength + adapter + 2 * this.state.first.byteLength + this.vectors.bytes;
  }

  async step(objective: Objective, update: Update): Promise<StepReport> {
    const prepared = this.prepare(objective, true);
    const form = { ...prepared.form, result: updateForm(update) };
    const gradient = update.reportGradient ? new Float32Array(this.trainable.length) : undefined;
    const reported = gradient ? this.state.feeds("gradient", gradient) : {};
    const fetches = { ...prepared.fetches, ...reported, norm: null, ...this.state.updateFetches };
    const result = await this.run(form, { ...prepared.feeds, ...this.feedsOfUpdate(update) }, fetches);
    const terms = termValues(objective, prepared.batch, result);
    const loss = weighted(objective, terms);
    const gradientNorm = scalar(result.norm!);
    checkFinite(loss, gradientNorm);
    this.state.step++;
    const tokens = prepared.batch?.tokens ?? 0;
    const flops = prepared.batch ? trainingFlops(this.config, prepared.batch.packed, this.adapter !== null) : 0;
    this.trainedTokens += tokens;
    this.flops += flops;
    const report = { loss, terms, gradientNorm, tokens, flops };
    return gradient ? { ...report, gradient: this.vectors.hold(gradient) } : report;
  }

  async loss(objective: Objective): Promise<number> {
    const { form, feeds, fetches, batch } = this.prepare(objective, false);
    const result = await this.run({ ...form, result: "values" }, feeds, fetches);
    if (batch) this.countForward(batch);
    return weighted(objective, termValues(objective, batch, result));
  }

  async gradient(objective: Objective): Promise<Vector> {
    const { form, feeds, fetches, batch } = this.prepare(objective, true);
    const gradient = new Float32Array(this.trainable.length);
    const outputs = this.state.feeds("gradient", gradient);
    const result = await this.run({ ...form, result: "gradient" }, feeds, { ...fetches, ...outputs });
    if (batch) this.flops += trainingFlops(this.config, batch.packed, this.adapter !== null);
    checkFinite(weighted(objective, termValues(objective, batch, result)), gradient);
    return this.vectors.hold(gradient);
  }

  async apply(gradient: Vector, update: Update): Promise<{ gradientNorm: number }> {
    const form = updateForm(update);
    const given = this.state.feeds("gradient", this.vectors.values(gradient, this.trainable.length));
    const result = await sessions.run(
      `update ${JSON.stringify({ form, layout: this.trainable.tensors })}`,
      () => updateGraph(form, this.trainable),
      { ...given, ...this.feedsOfUpdate(update) },
      { norm: null, ...this.state.updateFetches },
      this.session,
    );
    const gradientNorm = scalar(result.norm!);
    checkFinite(0, gradientNorm);
    this.state.step++;
    return { gradientNorm };
  }

  /** Mean over the examples of the squared gradient of each example's language-modelling term (its mean nll per token). */
  async fisher(examples: readonly TrainingSequence[], kind: FisherKind, seed: number): Promise<Vector> {
    const sum = new Float32Array(this.trainable.length);
    const square = this.state.feeds("square", sum);
    const next = this.state.feeds("next.square", sum);
    for (const [item, example] of examples.entries()) {
      const objective: Objective = { terms: [{ kind: "language-modelling", batch: [example], weight: 1 }] };
      const labels = kind === "sampled" ? await this.sampleLabels(objective, seed, item) : undefined;
      const { form, feeds, fetches, batch } = this.prepare(objective, false, labels);
      const result = await this.run({ ...form, result: "square" }, { ...feeds, ...square }, { ...fetches, ...next });
      this.flops += trainingFlops(this.config, batch!.packed, this.adapter !== null);
      checkFinite(weighted(objective, termValues(objective, batch, result)), 0);
    }
    for (let i = 0; i < sum.length; i++) sum[i]! /= Math.max(examples.length, 1);
    checkFinite(0, sum);
    return this.vectors.hold(sum);
  }

  snapshot(): Vector {
    return this.vectors.hold(this.trainable.values.slice());
  }

  restore(vector: Vector): void {
    this.trainable.values.set(this.vectors.values(vector, this.trainable.length));
  }

  /** Adds an adapter: the base is frozen from then on. `seed` keys its initialisation. Throws where there is one already. */
  adapt(options: AdapterOptions, seed: number): void {
    if (this.adapter) {
      throw new BenchError("INTERNAL", "The model has an adapter already.", { fix: "Merge it before adding another." });
    }
    this.adapter = new LoraAdapter(this.config, options, seed);
    this.state = new TrainableState(this.adapter.store);
  }

  /** Folds the adapter into the base, where it stays as it is, and adds a new one of its form. Throws where there is none. */
  stack(seed: number): void {
    const { adapter } = this;
    if (!adapter) throw new BenchError("INTERNAL", "The model has no adapter to stack another on.");
    adapter.mergeInto(this.base);
    this.earlier.push(adapter);
    this.earlierFeeds = earlierFeeds(this.earlier);
    this.adapter = new LoraAdapter(this.config, adapter.options, seed, this.earlier.length);
    this.state = new TrainableState(this.adapter.store);
  }

  /** Folds the adapter into the base, which is trainable again. */
  merge(): void {
    if (!this.adapter) throw new BenchError("INTERNAL", "The model has no adapter to merge.");
    this.adapter.mergeInto(this.base);
    this.adapter = null;
    this.earlier.length = 0;
    this.state = new TrainableState(this.base);
  }

  private async sampleLabels(objective: Objective, seed: number, item: number): Promise<Int32Array> {
    const { form, feeds, batch } = this.prepare(objective, false);
    const result = await this.run({ ...form, result: "logits" }, feeds, { logits: null });
    this.countForward(batch!);
    const rows = batch!.packed.selectedRows;
    return sampledLabels(result.logits!.data as Float32Array, this.config.vocabulary, rows, seed, item);
  }

  private countForward(batch: TrainingBatch): void {
    const { linear, attention } = forwardFlops(this.config, batch.packed);
    this.flops += linear + attention;
  }

  private run(form: TrainingForm, feeds: Feeds, fetches: Fetches): Promise<Result> {
    const signature = `training ${JSON.stringify({ form, layout: this.adapter?.options ?? null })}`;
    const build = () => trainingGraph(form, this.trainable, this.base);
    return sessions.run(signature, build, feeds, fetches, this.session);
  }

  /** The form, inputs and value outputs of an objective. */
  private prepare(objective: Objective, training: boolean, labels?: Int32Array) {
    const texts = objective.terms.filter((term) => term.kind === "language-modelling");
    const quadratics = objective.terms.filter((term) => term.kind === "quadratic");
    const batch = texts.length > 0 ? trainingBatch(texts, labels) : null;
    const dropout = training && batch !== null && (this.adapter?.options.dropout ?? 0) > 0;
    const { adapter, config } = this;
    const lora = adapter && { ...adapter.form, dropout };
    const subspaces = objective.terms.filter(isSubspaceTerm);
    const form = {
      config,
      lora,
      languageModelling: batch !== null,
      subspaces: subspaces.map(({ kind }) => kind),
      quadratics: quadratics.length,
    };
    const feeds: Record<string, Tensor> = { ...this.state.parameterFeeds };
    if (batch) Object.assign(feeds, batch.feeds, adapter ? this.baseFeeds : {});
    if (dropout) Object.assign(feeds, this.dropoutFeeds(adapter!, batch));
    const fetches: Record<string, null> = batch ? { nll: null } : {};
    for (const [i, { kind, weight }] of subspaces.entries()) {
      if (kind === "orthogonality") Object.assign(feeds, this.earlierFeeds);
      feeds[`subspace.weight.${i}`] = floats([weight]);
      fetches[`subspace.${i}`] = null;
    }
    for (const [i, { anchor, importance, weight }] of quadratics.entries()) {
      Object.assign(feeds, this.vectorFeeds(`anchor.${i}`, anchor), this.vectorFeeds(`importance.${i}`, importance));
      feeds[`weight.${i}`] = floats([weight]);
      fetches[`quadratic.${i}`] = null;
    }
    return { form, feeds, fetches, batch };
  }

  private feedsOfUpdate(update: Update): Feeds {
    const { constraint, proximal, componentRates: rates } = update;
    return {
      ...this.state.updateFeeds,
      ...updateFeeds(update, this.state.step + 1),
      ...(updateForm(update).componentRates ? this.state.feeds("rates", componentRates(this.trainable, rates!)) : {}),
      ...(constraint?.kind === "half-space" ? this.vectorFeeds("normal", constraint.normal) : {}),
      ...(constraint?.kind === "mask" ? this.vectorFeeds("mask", constraint.mask) : {}),
      ...(proximal ? this.vectorFeeds("proximal.anchor", proximal.anchor) : {}),
      ...(proximal ? this.vectorFeeds("proximal.importance", proximal.importance) : {}),
    };
  }

  private vectorFeeds(prefix: string, vector: Vector): Feeds {
    return this.state.feeds(prefix, this.vectors.values(vector, this.trainable.length));
  }

  private dropoutFeeds(adapter: LoraAdapter, batch: TrainingBatch): Feeds {
    const last = `model.layers.${this.config.layers - 1}.`;
    const { tokens, selected } = batch.packed;
    const rowsOf = (path: string): number =>
      path.startsWith(last) && !/[kv]_proj$/.test(path) ? selected.places.length : tokens.places.length;
    const masks = adapter.dropoutMasks(rowsOf, this.seed, this.state.step);
    return Object.fromEntries(
      masks.map(({ path, rows, values }) => [`dropout.${path}`, floats(values, [rows, values.length / rows])]),
    );
  }
}

function tensorFeeds(store: ParameterStore, vector = store.values): Feeds {
  return Object.fromEntries(store.tensors.map(({ name, shape }) => [name, floats(store.view(name, vector), shape)]));
}

function checkFinite(loss: number, gradient: number | Float32Array): void {
  const finite = typeof gradient === "number" ? Number.isFinite(gradient) : allFinite(gradient);
  if (Number.isFinite(loss) && finite) return;
  throw new BenchError("DIVERGED", `The loss (${loss}) or its gradient is not finite.`, {
    fix: "Lower the learning rate, clip the gradient, or lower the weight of a penalty.",
  });
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}
