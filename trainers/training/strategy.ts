import type { Example, TaskDescription } from "../../harness/contract/suite.js";
import type { RehearsalBuffer, SyntheticSet, TrainingView } from "../../harness/contract/trainer.js";
import type {
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
  /** Whether epochs go through the items as they stand instead of shuffled. */
  ordered?: boolean;
  /** What it is, for the report of what was drawn; "new" where nothing is said. */
  kind?: string;
  /** Whether its items stay out of the batch's own loss: the strategy finds them in `StepContext.aside`, by name. */
  aside?: boolean;
}

/** A question in tokens, before it goes to the model. */
export interface AddressedRequest extends EngineRequest {
  /** Only where the trainer declared `taskIdAtTest`. */
  taskId?: string;
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
  /** What was drawn from sources that stand aside, by their names. */
  readonly aside: Readonly<Record<string, readonly TrainingItem[]>>;
  readonly learningRate: number;
}

/** What only one strategy of a learner can hold. */
export type Claim = "adapter" | "averaging" | "buffer" | "constraint" | "proximal";

/**
 * What makes a continual-learning method: hooks on the one loop of `ParametricLearner`, called in this order.
 * Strategies compose in the order in which they are declared: sources and terms add up, and what only one may hold
 * is claimed. All that a strategy remembers from one task to the next is what it saves: after every task a new
 * strategy is made and restored, and must then act as the old one would have, to the bit.
 */
export interface Strategy {
  readonly name: string;
  readonly claims?: readonly Claim[];
  /** Names of strategies that it cannot stand beside, each with the reason as a sentence. */
  readonly conflicts?: Readonly<Record<string, string>>;
  /** `renewed`: every task trains parameters of its own. `held`: values of them are held from one task to the next. */
  readonly parameters?: "renewed" | "held";
  /** Tokens of the context that `present` and `address` put before a sequence. */
  readonly reserved?: number;
  /** Factor on the loop's learning rate. */
  readonly rateFactor?: number;
  /** True where it feeds the model sequences of its own, outside the loop's batches. */
  readonly feeds?: boolean;
  /** Once per model, before anything is restored: the place to give it an adapter. Those that claim it come first. `tasks`: how many the run has. */
  open?(model: Model, seed: number, tasks: number): void;
  beforeTask?(task: TaskContext): Promise<void>;
  /** What to draw beside the new items, once a task. The shares stay below 1 in sum; new items take the rest. */
  mixture?(task: TaskContext): Source[];
  /** How training sequences are put to the model: what stands before their tokens. As `address` at test time. */
  present?(sequences: readonly TrainingSequence[], task: TaskContext): Promise<TrainingSequence[]>;
  beforeStep?(step: StepContext): Promise<void>;
  /** Terms of the objective beside the batch's own loss. */
  terms?(step: StepContext): Term[];
  /** A pull on the parameters after the update. Needs the claim "proximal". */
  proximal?(step: StepContext): Update["proximal"];
  /** A constraint on the gradient. Needs the claim "constraint". */
  constraint?(step: StepContext): Promise<Constraint | undefined>;
  /** Whether `afterStep` is to find the gradient of the step in its report. */
  readonly readsGradient?: boolean;
  afterStep?(step: StepContext, report: StepReport): Promise<void>;
  afterTask?(task: TaskContext): Promise<void>;
  /**
   * How questions are put to the model at test time: whose weights answer, what stands before the prompt. Changes no
   * state; order and number of requests have no influence on the result for each.
   */
  address?<R extends AddressedRequest>(requests: readonly R[], model: Model): Promise<R[]>;
  /** Parameters that it holds for answering beside the model's own, such as earlier tasks' adapters. */
  addedParameters?(): number;
  /** Digest of what determines the answers beside the model's own weights. */
  answerDigest?(): string;
  save?(directory: string, model: Model): Promise<void>;
  restore?(directory: string, model: Model): Promise<void>;
}
