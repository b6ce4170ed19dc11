import type { EngineChoice, MemoryNeed } from "./engine.js";
import type { Isolation } from "./isolation.js";
import type { CorpusChange, Example, Modality, Part, TaskDescription } from "./suite.js";
import type {
  Decoding,
  Generation,
  GenerationObserver,
  GenerationRequest,
  ScoreRequest,
} from "./trainer/generation.js";
import type { Privileges } from "./trainer/privileges.js";

export * from "./trainer/generation.js";
export type { Privileges } from "./trainer/privileges.js";

/**
 * - sequence: learns task after task; every row of the matrix is measured.
 * - joint: learns once from the base on all tasks; only rows 0 and T exist.
 * - once: does not change with training; evaluated once, and the row repeats.
 */
export type Schedule = "sequence" | "joint" | "once";

/** What a search may try for one option: some values, or a range on a scale. */
export type SearchDimension =
  | { values: unknown[] }
  | { low: number; high: number; scale: "linear" | "log"; integer?: boolean };

/** What `bench tune` may try: an option, or one inside another by its dotted path, → its dimension. */
export type SearchSpace = Record<string, SearchDimension>;

/** A way to learn task after task: what a plug-in registers. `Options`: the type of its checked options, see `defineTrainer`. */
export interface TrainerDefinition<Options = Record<string, unknown>> {
  name: string;
  summary: string;
  /** Paper, section, or "baseline". */
  source: string;
  /** Changes whenever the same options would give other results; part of a cell's digest. */
  version: number;
  /** JSON schema (draft-07) of the options, with defaults. */
  options: Record<string, unknown>;
  /** Which options are worth tuning, and where to look. */
  space?: SearchSpace;
  schedule: Schedule;
  /**
   * True where nothing is random: the same answers whatever the order and the seed. Only then are equal scores compared
   * exactly; elsewhere they may be chance.
   */
  deterministic?: boolean;
  /** False where its learners give no log-likelihoods; tasks that are scored by likelihood then refuse it. */
  likelihoods?: boolean;
  /** True where it is one of those that a run compares unless it names others. */
  default?: boolean;
  /** What it evaluates as it is unless another trainer is named: a model in files, or one behind a server. */
  evaluates?: "checkpoint" | "server";
  /** What its inputs may be made of; text alone when absent. A suite with others is refused before the run starts. */
  modalities?: readonly Modality[];
  /** What it may use besides the current task's data, with these options. */
  needs(options: Options): Privileges;
  /**
   * The optional capabilities of an engine that it asks for, by name; empty where the core of an engine is enough. Absent
   * where it needs no engine of bench. A run whose engine or model lacks one of them is refused before it starts.
   */
  capabilities?(options: Options): readonly string[];
  /**
   * What training and answering cost, relative to plain fine-tuning and to asking the model as it is, over so many tasks.
   * For estimates of time; 1 and 1 when absent.
   */
  effort?(options: Options, tasks: number): { training: number; answering: number };
  /** What its learners hold in memory over so many tasks; absent where that is not known. */
  memory?(options: Options, tasks: number): MemoryNeed;
  /** Names of the methods that it is made of; absent where it is made of none. */
  methods?(options: Options): readonly string[];
  /** Makes a learner at the beginning of a cell, and again after every task. */
  create(context: LearnerContext<Options>): Promise<Learner>;
}

/** What a learner is made with. It contains no test data. */
export interface LearnerContext<Options = Record<string, unknown>> {
  /** Directory of the base model, already resolved and checked. */
  model: string;
  /** The engine that opens the model; absent where none does. */
  engine?: EngineChoice;
  device: string;
  threads: number;
  seed: number;
  /** Checked against the trainer's schema, defaults filled in. */
  options: Options;
  /** The tasks of this run in the order of this cell. */
  tasks: TaskDescription[];
  quick: boolean;
  /** Whether prompts go through the model's chat template, in training as in testing. */
  chat?: boolean;
}

/** The data of one task that may be trained on. */
export interface TaskData {
  task: TaskDescription;
  train: Example[];
  validation: Example[];
  /** Documents that come with the task, where the suite has any. */
  corpus?: CorpusChange;
}

/** What a learner may see of the data when it learns a task. */
export interface TrainingView {
  /** 0-based place in the order. */
  index: number;
  /** One task in a sequence; all of them for a joint trainer. */
  tasks: TaskData[];
  /** Validation data of tasks learned before, if declared. */
  pastValidation: TaskData[];
  /** General items, if declared: at most the declared number. */
  generalItems: Example[];
}

/** Past data as the harness keeps it for a trainer: bounded by its privileges, metered, saved with the cell. */
export interface RehearsalBuffer {
  /** Maximum number of samples in total. */
  readonly capacity: number;
  /** The content, in the order in which it was set. */
  items(): readonly BufferItem[];
  /** Replaces the content. Throws PRIVILEGE_EXCEEDED beyond the capacity. */
  set(items: readonly BufferItem[]): void;
}

/** A sample of a past task that is kept. */
export interface BufferItem {
  taskId: string;
  example: Example;
  /** What a method keeps with the item, such as logits in base64; counted in the buffer's bytes. */
  payload?: string;
}

/** What the harness gives a learner while it learns. */
export interface LearnContext {
  buffer: RehearsalBuffer;
  /** Polled between steps: throw `BenchError` CANCELLED when true. */
  cancelled(): boolean;
  /** Tells how far the learner is. */
  progress(event: LearnProgress): void;
  /**
   * Awaited after each step, with the number of steps done: where a measurement within the task is due, the harness puts
   * its questions to `generate` meanwhile. Absent where none is asked for. May throw CANCELLED.
   */
  observe?(step: number): Promise<void>;
}

/** How far a learner is within a task. */
export interface LearnProgress {
  step: number;
  steps: number;
  /** Absent where a method has none. */
  loss?: number;
  tokensPerSecond?: number;
}

/** What a learner says of a task that it has learned. */
export interface LearnReport {
  steps: number;
  /** Mean training loss over the last tenth of the steps, nats per token. */
  finalLoss: number | null;
  /** Loss at regular steps, for the curve: at most 200 points. */
  curve: { step: number; loss: number; learningRate: number }[];
  /** Anything a method wants shown, such as the Fisher's norm; numbers and short texts. */
  notes: Record<string, number | string>;
  /** The composition of the batches, where the trainer reports it. */
  drawn?: DrawnItems[];
  /** How the task's data differs from that of the tasks before it, where the trainer looks. */
  drift?: DriftReport;
  /** How far its answers to the task's inputs went from those of the base model: mean KL(base ‖ model) a token, nats. */
  baseDistance?: number;
  /** Training prompts that were too long and were shortened, where the trainer tells. */
  shortened?: number;
  /** What was synthesized for rehearsal while this task was learned, one set for each task that it represents. */
  synthetic?: SyntheticSet[];
}

/**
 * A task's data compared with that of the tasks before it: population stability index (0 for alike), distance of the
 * distributions and probability of it by chance for prompts' lengths and answers' losses; maximum mean discrepancy of
 * the embeddings, and its probability.
 */
export interface DriftReport {
  lengthStability: number;
  lengthDistance: number;
  lengthProbability: number;
  lossStability: number;
  lossDistance: number;
  lossProbability: number;
  embeddingDiscrepancy: number;
  embeddingProbability: number;
  /** What is unlike anything before: "lengths", "losses", "embeddings". */
  warnings: string[];
}

/** Items of one task that were trained on from one source. */
export interface DrawnItems {
  /** "new", or the source of the other items, such as "past" or "general". */
  source: string;
  /** null for items of no task. */
  task: string | null;
  items: number;
  /** Different ones among them. */
  distinct: number;
}

/** Instances that a model wrote in the place of a task's data. drawn = kept + all that were dropped. */
export interface SyntheticSet {
  taskId: string;
  drawn: number;
  /** Draws in the form that was asked for. */
  parsed: number;
  kept: number;
  /** Reason → how many draws. */
  dropped: Record<string, number>;
  /** The kept ones, or the first 1,000 of them. */
  items: { input: string; output: string }[];
}

/** What a learner has used so far. Unknown is null, never 0. */
export interface LearnerCost {
  trainedTokens: number | null;
  generatedTokens: number | null;
  flops: number | null;
  trainableParameters: number | null;
  addedParameters: number | null;
  /** Bytes of tensors held: weights, gradients, optimizer state, anchors. */
  tensorBytes: number | null;
}

/** A model that learns task after task. What it keeps is what it saves. */
export interface Learner {
  /** How its process is kept from the run's and the suite's files; absent where it works in the harness's own. */
  readonly isolation?: Isolation;
  /** Throws DIVERGED on a loss that is not finite, CANCELLED when asked to stop. */
  learn(view: TrainingView, context: LearnContext): Promise<LearnReport>;
  /**
   * Answers questions, one answer each, in their order; leaves the state as it is.
   *
   * @param observer is told what a learner can tell of answers that are not finished; it may be told nothing.
   */
  generate(requests: GenerationRequest[], decoding: Decoding, observer?: GenerationObserver): Promise<Generation[]>;
  /** Whether another process computes, so that the time of this thread is not its own. */
  readonly elsewhere?: boolean;
  /** Whether calls of `generate` may come while others are under way, and are answered together with them. */
  readonly joins?: boolean;
  /** Whether what computes has ended, such as a process of its own that was killed: every further call fails. */
  readonly ended?: boolean;
  /** Log-likelihood of each continuation given its input, nats. */
  score(requests: ScoreRequest[]): Promise<number[]>;
  /** One vector for each input, such as the mean of the last hidden states. Absent where it has none. */
  embed?(inputs: Part[][]): Promise<Float32Array[]>;
  /** Writes all that it keeps; what is not saved is lost after every task. */
  save(directory: string): Promise<void>;
  /** After this the learner behaves, to the bit, as the one that saved. */
  restore(directory: string): Promise<void>;
  /** What it has used since it was created. */
  cost(): Promise<LearnerCost>;
  /** Digest of all that determines its answers; evaluations of an equal digest are reused. Absent: never reused. */
  answerDigest?(): Promise<string>;
  /** Gives back memory and processes; nothing is called after it. */
  release(): Promise<void>;
}
