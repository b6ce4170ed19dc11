import { join } from "node:path";
import { digestOf } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import { random } from "../../harness/contract/random.js";
import type {
  LearnContext,
  LearnerContext,
  LearnerCost,
  LearnReport,
  SyntheticSet,
  TaskData,
  TrainingView,
} from "../../harness/contract/trainer.js";
import type { Model, StepReport, Term, TrainingSequence, Update, Vector } from "../engine/contract.js";
import { openModel } from "../engine/open.js";
import { budgetedSteps, stepsFor } from "./budget.js";
import { Mixture } from "./mixture.js";
import { ModelLearner, noteInto, questionOf } from "./model-learner.js";
import { baseDistance } from "./monitors/base-distance.js";
import { DriftMonitor } from "./monitors/drift-monitor.js";
import type { TrainingOptions } from "./options.js";
import { TrainingRecord } from "./record.js";
import { RetentionMonitor } from "./retention.js";
import { learningRateAt } from "./schedule.js";
import { isPossible, meanShare, portion, shareLeft } from "./shares.js";
import { loadVectors, saveVectors } from "./state.js";
import type { Question, ReadQuestion, RoutedRequest, Source, StepContext, Strategy, TaskContext } from "./strategy.js";

/**
 * The one loop of all methods that train a model: draws batches, follows the learning-rate schedule, updates, and
 * asks the strategy at every hook. What is saved: the model (or its adapter), the strategy's state, the meters, and
 * the optimizer where it is kept.
 */
export class ParametricLearner extends ModelLearner {
  readonly #context: LearnerContext<unknown>;
  readonly #options: TrainingOptions;
  readonly #strategy: Strategy;
  /** The base model's parameters, where data and model are compared with them. */
  readonly #base: Vector | undefined;
  readonly #monitor: DriftMonitor | undefined;

  private constructor(
    model: Model,
    context: LearnerContext<unknown>,
    options: TrainingOptions,
    strategy: Strategy,
    base: Vector | undefined,
  ) {
    super(model, Math.min(options.maxTokens, model.contextLength - (strategy.reservedTokens ?? 0)), context.chat);
    this.#context = context;
    this.#options = options;
    this.#strategy = strategy;
    this.#base = base;
    this.#monitor = base && new DriftMonitor(base);
  }

  static async open(
    context: LearnerContext<unknown>,
    options: TrainingOptions,
    strategy: Strategy,
  ): Promise<ParametricLearner> {
    const model = await openModel(context);
    await strategy.open?.(model, context.seed, context.tasks.length, context.chat ?? false);
    // Parameters of each task's own do not contain what the base model was.
    const monitored = options.monitor && strategy.parameters !== "perTask";
    const base = monitored ? await model.snapshot() : undefined;
    return new ParametricLearner(model, context, options, strategy, base);
  }

  async learn(given: TrainingView, context: LearnContext): Promise<LearnReport> {
    const notes: LearnReport["notes"] = {};
    const view = await this.#prepared(given, context, notes);
    const synthetic: SyntheticSet[] = [];
    const task = this.#taskContext(view, context, notes, synthetic);
    const shortenedBefore = this.encoder.shortenedSequences;
    const drift = await this.#monitor?.compare(task);
    await this.#strategy.beforeTask?.(task);
    const { mixture, steps } = this.#plan(task);
    const record = new TrainingRecord(steps, notes, context.progress);
    const retention = await this.#retention(task);
    if (!this.#options.keepOptimizer) await this.model.optimizer.reset();
    try {
      for (let step = 0; step < steps; step++) {
        task.checkCancelled();
        const { batch: items, separate } = mixture.draws(step);
        const sequences = items.map((item) => task.sequence(item));
        const batch = await this.#wrap(sequences, task);
        const factor = this.#strategy.rateFactor ?? 1;
        const learningRate = factor * learningRateAt(this.#rates(), view.index, step, steps);
        const { loss, terms, tokens } = await this.#step({
          ...task,
          step,
          steps,
          batch,
          items,
          separate,
          learningRate,
          microBatch: this.#options.microBatch ?? undefined,
        });
        // the first term is the batch's own, where it has one and anything new was drawn
        record.step(this.#strategy.ownLoss === false ? loss : terms[0]!, learningRate, tokens);
        await context.observe?.(step + 1);
        if (await retention?.stops(step)) {
          task.note("stopped early at step", step + 1);
          break;
        }
      }
    } finally {
      await retention?.release();
    }
    await this.#strategy.afterTask?.(task);
    const report = record.report();
    const distance = this.#base && (await baseDistance(task, this.#base));
    const shortened = this.encoder.shortenedSequences - shortenedBefore;
    return {
      ...report,
      drawn: mixture.drawn(report.steps),
      ...(shortened > 0 && { shortened }),
      ...(drift && { drift }),
      ...(distance !== undefined && { baseDistance: distance }),
      ...(synthetic.length > 0 && { synthetic }),
    };
  }

  override async save(directory: string): Promise<void> {
    await super.save(directory);
    await this.model.save(join(directory, "model"));
    await this.#strategy.save?.(join(directory, "strategies"), this.model);
    this.#monitor?.save(directory);
    if (this.#options.keepOptimizer) {
      const { first, second, step } = await this.model.optimizer.save();
      saveVectors(directory, "optimizer", { first, second, step: Float32Array.of(step) });
    }
  }

  override async restore(directory: string): Promise<void> {
    await this.model.load(join(directory, "model"));
    await this.#strategy.restore?.(join(directory, "strategies"), this.model);
    this.#monitor?.restore(directory);
    if (this.#options.keepOptimizer) {
      const { first, second, step } = loadVectors(directory, "optimizer");
      await this.model.optimizer.restore({ first: first!, second: second!, step: step![0]! });
    }
    await super.restore(directory);
  }

  protected override async read(questions: readonly Question[], answerTokens: number): Promise<ReadQuestion[]> {
    return (await this.#strategy.readQuestions?.(questions, answerTokens, this.fits)) ?? [...questions];
  }

  protected override async route<R extends RoutedRequest>(requests: readonly R[]): Promise<R[]> {
    return (await this.#strategy.routeInference?.(requests, this.model)) ?? super.route(requests);
  }

  override async answerDigest(): Promise<string> {
    const model = await super.answerDigest();
    const strategy = await this.#strategy.answerDigest?.();
    return strategy ? digestOf({ model, strategy }) : model;
  }

  override async cost(): Promise<LearnerCost> {
    const { length, addedParameters } = await this.model.trainable();
    const own = this.#strategy.addedParameters?.() ?? 0;
    return { ...(await super.cost()), trainableParameters: length, addedParameters: addedParameters + own };
  }

  async #prepared(view: TrainingView, { buffer }: LearnContext, notes: LearnReport["notes"]): Promise<TrainingView> {
    const context = { buffer, fits: this.fits, note: noteInto(notes) };
    return (await this.#strategy.prepareData?.(view, context)) ?? view;
  }

  #taskContext(
    view: TrainingView,
    context: LearnContext,
    notes: LearnReport["notes"],
    synthetic: SyntheticSet[],
  ): TaskContext {
    const { tasks, seed } = this.#context;
    return {
      model: this.model,
      seed,
      view,
      buffer: context.buffer,
      newItems: view.tasks.flatMap(({ task, train }) => train.map((example) => ({ example, task }))),
      task: (id) => tasks.find((task) => task.id === id),
      sequence: (item) => this.encoder.sequence(item),
      prompt: (item) => this.encoder.prompt(item.example.input, item.task?.maxNewTokens ?? 0),
      request: ({ example, task }) => ({
        id: example.id,
        ...questionOf(this.encoder.encodePrompt(example.input, task?.maxNewTokens ?? 0)),
      }),
      note: noteInto(notes),
      synthesized: (set) => void synthetic.push(set),
      checkCancelled: () => {
        if (context.cancelled()) throw new BenchError("CANCELLED", "Training was cancelled.");
      },
    };
  }

  /** New items take what the strategy's sources leave, each task in proportion to the steps that it is given. */
  #plan(task: TaskContext): { mixture: Mixture; steps: number } {
    const { seed, quick } = this.#context;
    const rehearsed = (this.#strategy.mixture?.(task) ?? []).filter((source) => source.items.length > 0);
    const left = shareLeft(rehearsed);
    if (!isPossible(left)) {
      throw new BenchError("CONFIG_INVALID", "Rehearsal takes all of every batch, so that nothing new is learned.", {
        fix: "Lower the shares of rehearsed items until their sum is below 1.",
      });
    }
    const stepsOf = (data: TaskData) => stepsFor(data, this.#options, quick);
    const newSteps = task.view.tasks.reduce((sum, data) => sum + stepsOf(data), 0);
    const fresh: Source[] = task.view.tasks.map((data) => ({
      name: data.task.id,
      items: task.newItems.filter((item) => item.task === data.task),
      share: portion(left, stepsOf(data), newSteps),
    }));
    const steps = budgetedSteps(newSteps, meanShare(left), this.#options.budget);
    return { mixture: new Mixture([...fresh, ...rehearsed], this.#options.batchSize, steps, seed), steps };
  }

  async #step(step: StepContext): Promise<StepReport> {
    await this.#strategy.beforeStep?.(step);
    const { beta1, beta2, epsilon, weightDecay, clip, componentRates } = this.#options;
    const update: Update = {
      learningRate: step.learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      clip,
      componentRates: { ...componentRates, ...this.#strategy.componentRates?.(step) },
      reportGradient: this.#strategy.readsGradient ?? false,
    };
    const proximal = this.#strategy.proximal?.(step);
    if (proximal) update.proximal = proximal;
    const constraint = await this.#strategy.constraint?.(step, update.componentRates);
    if (constraint) update.constraint = constraint;
    const labeled = step.batch.length > 0 && this.#strategy.ownLoss !== false;
    const own: Term[] = labeled ? [{ kind: "language-modeling", batch: step.batch, weight: 1 }] : [];
    const terms = [...own, ...(this.#strategy.terms?.(step) ?? [])];
    const report = await this.model.step({ terms, microBatch: step.microBatch }, update);
    await this.#strategy.afterStep?.(step, report);
    if (report.gradient) await this.model.free(report.gradient);
    return report;
  }

  #rates() {
    const { schedule: shape, learningRate: initial, decayFactor, warmupSteps, finalShare } = this.#options;
    return { shape, initial, decayFactor, warmupSteps, finalShare };
  }

  async #wrap(sequences: readonly TrainingSequence[], task: TaskContext): Promise<readonly TrainingSequence[]> {
    return (await this.#strategy.wrapTraining?.(sequences, task)) ?? sequences;
  }

  async #retention(context: TaskContext): Promise<RetentionMonitor | undefined> {
    const stopping = this.#options.earlyStopping;
    const past = context.view.pastValidation.filter(({ validation }) => validation.length > 0);
    if (!stopping || past.length === 0) return undefined;
    const sequences = past.map(({ task, validation }) =>
      random({ seed: this.#context.seed, stream: "retention", task: task.id })
        .sample(validation, stopping.items)
        .map((example) => this.encoder.sequence({ example, task })),
    );
    const wrapped: (readonly TrainingSequence[])[] = [];
    for (const own of sequences) wrapped.push(await this.#wrap(own, context));
    return new RetentionMonitor(this.model, wrapped, stopping);
  }
}
