import type { Isolation } from "./isolation.js";
import type { SuiteRecord } from "./results/suite-record.js";
import type { ProbeKind } from "./suite.js";
import type { LearnerCost, LearnReport, Privileges, Schedule, SyntheticSet } from "./trainer.js";

export type { JournalEvent, MachineRecord } from "./results/journal-event.js";

/** `runs/<id>/run.json`: what was asked for and on what. Written before anything runs, and anew where a run is extended. */
export interface RunRecord {
  schema: "run@1";
  id: string;
  /** Of a run that was extended, when its first cells were asked for; `environment` says where. */
  createdAt: string;
  /** The command that repeats this run. */
  command: string;
  suite: SuiteRecord;
  model: ModelRecord;
  trainers: TrainerRecord[];
  orders: { name: string; tasks: string[] }[];
  /** Of all orders together; a cell says which is its own. */
  seeds: number[];
  cells: CellRecord[];
  quick: boolean;
  /** Digest of the whole configuration; in the run's directory another one is refused, unless it extends the run. */
  configDigest: string;
  /** Version of the numerics: bits may change when it does. */
  numerics: string;
  /** Where every cell goes on from a stored one; absent where they start from the model. */
  source?: SourceRecord;
  environment: Record<string, string | number | null>;
  config: Record<string, unknown>;
}

/** The suite of a run, without its data. */
export interface ModelRecord {
  reference: string;
  digest: string;
  revision?: string;
  parameters: number;
  architecture: string;
  /** Whether prompts went through its chat template. */
  chat?: true;
  /** What is stored and not used, or was taken for granted, in words. */
  notes?: string[];
}

/** A trainer of a run, with everything that determines what it does. */
export interface TrainerRecord {
  /** The row's label: unique in a run. */
  label: string;
  name: string;
  version: number;
  source: string;
  /** SHA-256 of a third-party plug-in's own files, so that an edited one is not taken for the old one. */
  code?: string;
  schedule: Schedule;
  /** True where nothing is random; absent otherwise, and in runs of earlier versions. */
  deterministic?: boolean;
  options: Record<string, unknown>;
  privileges: Privileges;
}

/** The cell that a run goes on from, and how. */
export interface SourceRecord {
  /** Run directory, absolute. */
  directory: string;
  run: string;
  cell: string;
  trainer: string;
  order: string;
  seed: number;
  /** The tasks learned before, in their order: that many rows are not this run's own. */
  learned: string[];
  /** SHA-256 of the checkpoint. */
  digest: string;
  /** Labels of the trainers that were restored whole: weights, strategies and stored past data. */
  restored: string[];
  /** Label → model directory that its learner is created with; the checkpoint's weights for those not restored. */
  bases: Record<string, string>;
}

/** A cell of the grid: trainer × order × seed. */
export interface CellRecord {
  /** First 16 hexadecimal digits of the digest of all that determines the result. */
  id: string;
  trainer: string;
  order: string;
  seed: number;
}

/** How far a cell is. */
export type CellStatus = "pending" | "running" | "done" | "failed" | "cancelled";

/**
 * `cells/<cell>/matrix.json`. Rows are 0 (before training) to T; columns are the tasks in this order.
 * A cell that was not measured is null. Holds no times, so equal work gives equal bytes.
 */
export interface MatrixRecord {
  schema: "matrix@1";
  trainer: string;
  order: string;
  seed: number;
  tasks: string[];
  /** (T+1) × T scores on 0..1 by each task's scorer. */
  rows: (number | null)[][];
  /** Items behind each score. */
  n: (number | null)[][];
  /** The same scores from the answer extracted out of the text, where that differs from strict. */
  extracted: (number | null)[][];
  /** Share of answers in valid format. */
  valid: (number | null)[][];
  /** Scores on the shifted tests; measured at rows 0 and T. */
  shifted: (number | null)[][];
  /** T+1 scores each. */
  probes: Record<string, (number | null)[]>;
  probeKinds: Record<string, ProbeKind>;
  probeN: Record<string, number>;
  /** Aspect → scores by row and task of the test items that examine it, and their number; null where there are none. */
  aspects?: Record<string, { rows: (number | null)[][]; n: (number | null)[][] }>;
  /** Task → its test prompts that were too long and were shortened, in row T; absent where all fit. */
  shortened?: Record<string, number>;
  /** For classification tasks: task → row T's counts. */
  confusion: Record<string, ConfusionRecord>;
}

/**
 * `cells/<cell>/curves.json`: scores within tasks, on a sample of the test items that stays the same through the cell.
 * There only where a run was asked to measure within tasks and the trainer lets it. Holds no times.
 */
export interface CurvesRecord {
  schema: "curves@2";
  trainer: string;
  order: string;
  seed: number;
  /** Columns, in this order. */
  tasks: string[];
  /** Steps from one measurement to the next. */
  every: number;
  /** Items behind each score, by column. */
  n: number[];
  /** What was learned from one measured row of the matrix to the next, in order. */
  segments: CurveSegment[];
}

/** Scores while one task was learned. */
export interface CurveSegment {
  /** The row at its end. */
  row: number;
  /** The tasks that were learned: one in a sequence, all for a joint trainer. */
  learns: string[];
  steps: number;
  /**
   * The first, at step 0, is the row before; the last is the row at the end, with all that a method does after its last
   * step. Scores are by column; tasks not yet learned are not evaluated: null.
   */
  points: { step: number; scores: (number | null)[] }[];
}

/** Answers by label, for a classification task. */
export interface ConfusionRecord {
  labels: string[];
  /** counts[truth][answer]; the last column counts answers that are no label. */
  counts: number[][];
  macroPrecision: number | null;
  macroRecall: number | null;
}

/** `cells/<cell>/cost.json`: what the cell used. Not part of the matrix, since times never repeat. */
export interface CostRecord extends LearnerCost {
  schema: "cost@1";
  wallSeconds: number;
  trainSeconds: number;
  evaluationSeconds: number;
  /** CPU time of the worker's thread, where the system reports it and models compute on that thread alone. */
  cpuSeconds: number | null;
  bufferSamples: number;
  bufferBytes: number;
  checkpointBytes: number;
  /** One answer, alone, in milliseconds. */
  latency: { p50: number; p99: number; samples: number } | null;
  /** How a plug-in's processes were kept from files, at the least; absent for built-in trainers and in earlier runs. */
  isolation?: Isolation;
  /** The learner's report for each task. */
  learning: (Omit<LearnReport, "synthetic"> & { task: string; seconds: number })[];
}

/** One line of `cells/<cell>/samples.jsonl`. The questions are in `examples.jsonl` of the run. */
export interface SampleRecord {
  row: number;
  dataset: "test" | "shifted" | "probe";
  /** Task or probe id. */
  set: string;
  id: string;
  output: string;
  finishReason: string;
  /** What the model wrote for itself before its answer, such as between `<think>` tags. Not scored. */
  reasoning?: string;
  /** The name that a server answered by, where it is not the one that was asked for. */
  answeredBy?: string;
  /** What the learner says that its answer rests on. Not scored. */
  evidence?: string[];
  /** The prompt was too long and was shortened. */
  shortened?: true;
  score: number;
  extracted: number;
  valid: boolean;
  /** The scores of the task's further scorers, by their name in the task; acc, acc_norm and acc_bytes of likelihoods. */
  otherScores?: Record<string, number>;
  /** Log-likelihoods of the choices in nats, in their order, where these were compared. */
  likelihoods?: number[];
}

/** One line of `cells/<cell>/synthetic.jsonl`: a set that a learner wrote for rehearsal, and how good it is. */
export interface SyntheticRecord extends Omit<SyntheticSet, "taskId"> {
  /** The row of the matrix before which it was written. */
  row: number;
  /** The task that it represents. */
  task: string;
  /** 1 − token F1 to the nearest real training input, over the items; `copies` equal one word for word. */
  novelty: { mean: number; lowest: number; copies: number } | null;
  /** Share of distinct bigrams, and mean of 1 − token F1 over pairs of inputs. */
  diversity: { distinctBigrams: number; distance: number } | null;
  /** Share of the items that the rule of the task answers so; null where the suite knows no rule. */
  agreement: number | null;
}

/** One line of `examples.jsonl`. */
export interface ExampleRecord {
  id: string;
  set: string;
  dataset: "test" | "shifted" | "probe";
  input: string;
  references: string[];
  choices?: string[]; // where their likelihoods are compared
  group?: string;
  supports?: string[]; // ids of the documents that its answer rests on, where the suite names them
  images?: string[]; // SHA-256 of the images of its input, in order
}

/** A mean over runs with its 95% interval; low and high are null where it cannot be computed (one order). */
export interface Estimate {
  mean: number | null;
  low: number | null;
  high: number | null;
  /** Clusters (orders) behind the interval. */
  n: number;
  /** Standard error of the mean from the finite number of test items alone, apart from orders and seeds. */
  itemError?: number;
  /** Where there is one order, so no interval over orders: the sample standard deviation over its seeds. */
  seedDeviation?: number;
  /** Why a value is missing. */
  reason?: string;
}

/** One trainer on a leaderboard. */
export interface LeaderboardRow {
  trainer: string;
  /** camelCase short name → estimate: op, bwt, fwt, forgetting, learningAccuracy, generalAbilityDelta, … */
  metrics: Record<string, Estimate>;
  /** Best and worst rank that the data allow; null where the entry is unranked, with the reason. */
  rank: { best: number; worst: number } | null;
  rankReason?: string;
  cost: Record<string, number | null>;
  privileges: Privileges;
  /** How its processes were kept from files, at the least; absent for built-in trainers and where it is not known. */
  isolation?: Isolation;
  cells: { done: number; planned: number };
}

/** What `bench run --json` prints: one row for each trainer, the best first. */
export interface Leaderboard {
  schema: "leaderboard@1";
  runDirectory: string;
  suite: Pick<SuiteRecord, "name" | "version" | "digest" | "scoring">;
  orders: number;
  seeds: number;
  leaderboard: LeaderboardRow[];
}
