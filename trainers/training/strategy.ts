import type { Example, TaskDescription } from "../../harness/contract/suite.js";
import type {
  Generation,
  GenerationRequest,
  RehearsalBuffer,
  SyntheticSet,
  TrainingView,
} from "../../harness/contract/trainer.js";
import type {
  ComponentRates,
  Constraint,
  EngineRequest,
  Model,
  StepReport,
  Term,
  TrainingSequence,
  Update,
} from "../engine/contract.js";

/** An example to train on, with its task where it belongs to one (general items do not). */
export interface TrainingItem {
  example: Example;
  task: TaskDescription | undefined;
}

/** A share that runs in a line from the task's first step to its last. */
export interface ShareSchedule {
  from: number;
  to: number;
}

/** Items that share a batch with the new task's: `share` of all items drawn, on 0..1. */
export interface Source {
  /** Keys the order in which its items are drawn; unique within a task. */
  name: string;
  items: readonly TrainingItem[];
  share: number | ShareSchedule;
  /**
   * How often an item is drawn in proportion to others, one each, at least one above 0; drawn with replacement. Without
   * weights all items come once before any comes again.
   */
  weights?: readonly number[];
  /** Whether epochs go through the items in their given order instead of shuffled. */
  ordered?: boolean;
  /** What it is, for the report of what was drawn; "new" where nothing is said. */
  kind?: string;
  /** Whether its items stay out of the batch's loss: the strategy finds them in `StepContext.separate`, by the source's name. */
  separateLoss?: boolean;
  /** Whether its items fill steps of their own, which it shares with no source but others of this kind. */
  wholeSteps?: boolean;
}

/** A question in tokens, before it goes to the model. */
export interface RoutedRequest extends EngineRequest {
  /** Only where the trainer declared `taskIdAtTest`. */
  taskId?: string;
}

/** A question as a learner gets it, to be scored or answered. */
export type Question = Pick<GenerationRequest, "input" | "taskId">;

/** A question as it is read, and what its answer rests on. */
export interface ReadQuestion extends Pick<GenerationRequest, "input">, Pick<Generation, "evidence" | "retrieved"> {
  /** Its answer, where the model is not to be asked. */
  answer?: string;
}

/** Whether a prompt stays whole with so many tokens of an answer behind it. */
export type Fits = (prompt: string, answerTokens: number) => boolean;

/** What a strategy sees before a task. */
export interface DataContext {
  readonly buffer: RehearsalBuffer;
  readonly fits: Fits;
  /** Something for the report of this task. */
  note(name: string, value: number | string): void;
}

/** What a strategy sees of the task that is being learned. */
export interface TaskContext {
  readonly model: Model;
  readonly seed: number;
  readonly view: TrainingView;
  readonly buffer: RehearsalBuffer;
  /** The new items of all tasks in view. */
  readonly newItems: readonly TrainingItem[];
  /** The description of any task of the run. */
  task(id: string): TaskDescription | undefined;
  /** The training sequence of an item, as the loop would feed it. */
  sequence(item: TrainingItem): TrainingSequence;
  /** The tokens of an item's prompt alone. */
  prompt(item: TrainingItem): number[];
  /** An item's prompt as the model is asked with it, under the item's id. */
  request(item: TrainingItem): EngineRequest;
  /** Something for the report of this task. */
  note(name: string, value: number | string): void;
  /** Hands over what was synthesized, for the report of this task. */
  synthesized(set: SyntheticSet): void;
  /** Throws CANCELLED once the run was cancelled: to be asked now and then in long work outside the steps. */
  checkCancelled(): void;
}

/** What a strategy sees of one step. */
export interface StepContext extends TaskContext {
  /** 0-based, of `steps`. */
  readonly step: number;
  readonly steps: number;
  readonly batch: readonly TrainingSequence[];
  /** The items behind `batch`, in its order. */
  readonly items: readonly TrainingItem[];
  /** What was drawn from sources with a separate loss, by their names. */
  readonly separate: Readonly<Record<string, readonly TrainingItem[]>>;
  readonly learningRate: number;
  /** Most sequences that are computed at a time: for objectives of a strategy's own. */
  readonly microBatch: number | undefined;
}

/** What only one strategy of a learner can use. */
export type ExclusiveResource = "adapter" | "averaging" | "buffer" | "constraint" | "proximal";

/**
 * What makes a continual-learning method: hooks on the one loop of `ParametricLearner`, called in this order.
 * Strategies compose in the order in which they are declared: sources and terms add up, and what only one may use
 * is declared in `exclusive`. All that a strategy remembers from one task to the next is what it saves: after every task a new
 * strategy is made and restored, and must then act as the old one would have, to the bit.
 */
export interface Strategy {
  readonly exclusive?: readonly ExclusiveResource[];
  /** Names of methods, or exclusive resources of methods, that it cannot be combined with, each with the reason as a sentence. */
  readonly conflicts?: Readonly<Record<string, string>>;
  /** `perTask`: every task trains its own parameters. `shared`: the strategy keeps values of them from one task to the next. */
  readonly parameters?: "perTask" | "shared";
  /** Most tokens that `wrapTraining` and `routeInference` add to a sequence. */
  readonly reservedTokens?: number;
  /** Factor on the loop's learning rate. */
  readonly rateFactor?: number;
  /** True where it runs the model on its own batches, which the loop does not pass through `wrapTraining`. */
  readonly usesOwnBatches?: boolean;
  /** False where its terms replace the loss on the labels of the step's batch. */
  readonly ownLoss?: boolean;
  /**
   * Called once per model, before anything is restored: an adapter is added here. A strategy with the exclusive resource
   * `adapter` is called before the others. `tasks`: how many the run has. `chat`: whether prompts go through the model's chat
   * template.
   */
  open?(model: Model, seed: number, tasks: number, chat: boolean): Promise<void>;
  /**
   * Once a task, before all else: the data as it is trained on, such as with passages in front of its questions.
   * `readQuestions` does the same at test time.
   */
  prepareData?(view: TrainingView, context: DataContext): Promise<TrainingView>;
  /** Once a task, before its sources are asked for. */
  beforeTask?(task: TaskContext): Promise<void>;
  /** What to draw in addition to the new items, asked once a task. The shares sum to less than 1; new items take the rest. */
  mixture?(task: TaskContext): Source[];
  /** Changes training sequences before the model sees them, such as by soft prompts in front. `routeInference` does the same at test time. */
  wrapTraining?(sequences: readonly TrainingSequence[], task: TaskContext): Promise<TrainingSequence[]>;
  /** Before the terms of a step are asked for. */
  beforeStep?(step: StepContext): Promise<void>;
  /** Terms of the objective in addition to the batch's own loss. */
  terms?(step: StepContext): Term[];
  /** Factors on the learning rate of the step, by parts of parameters' names; they replace those of the loop's options with the same key. */
  componentRates?(step: StepContext): Record<string, number>;
  /** A pull on the parameters after the update. Needs the exclusive resource "proximal". */
  proximal?(step: StepContext): Update["proximal"];
  /** A constraint on the gradient, of a step with these rates of components. Needs the exclusive resource "constraint". */
  constraint?(step: StepContext, rates?: ComponentRates): Promise<Constraint | undefined>;
  /** Whether `afterStep` is to find the gradient of the step in its report. */
  readonly readsGradient?: boolean;
  /** After each update. */
  afterStep?(step: StepContext, report: StepReport): Promise<void>;
  /** After the last step of a task: what is to be remembered of it is taken here. */
  afterTask?(task: TaskContext): Promise<void>;
  /** Changes questions as texts before they are tokenized, one each, in their order. Changes no state. */
  readQuestions?(questions: readonly Question[], answerTokens: number, fits: Fits): Promise<ReadQuestion[]>;
  /**
   * Changes requests before the model answers them: which weights compute the answer, what comes before the prompt.
   * Changes no state; the result for a request does not depend on the order and number of the others.
   */
  routeInference?<R extends RoutedRequest>(requests: readonly R[], model: Model): Promise<R[]>;
  /** Parameters that it keeps for answering in addition to the model's own, such as earlier tasks' adapters. */
  addedParameters?(): number;
  /** Digest of what determines the answers in addition to the model's own weights. */
  answerDigest?(): Promise<string>;
  /** Writes what it remembers from task to task into a directory of its own. */
  save?(directory: string, model: Model): Promise<void>;
  /** Reads what `save` wrote. */
  restore?(directory: string, model: Model): Promise<void>;
}

/** A strategy under the name of its method, which is also that of the directory of its state. */
export interface NamedStrategy {
  name: string;
  strategy: Strategy;
}
