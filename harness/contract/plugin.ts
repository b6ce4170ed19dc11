import type { DashboardRenderer } from "./dashboard.js";
import type { Checkpoint, EngineDefinition } from "./engine.js";
import type { RunEvent } from "./event.js";
import type { LauncherDefinition } from "./launcher.js";
import type { Metric, MetricDefinition } from "./metric.js";
import type { Board } from "./results/board.js";
import type { Claim } from "./results/claim.js";
import type { History } from "./results/history.js";
import type { Example, Modality, SuiteDefinition } from "./suite.js";
import type { TrainerDefinition } from "./trainer.js";

/** What one answer is worth. All on 0..1. */
export interface Score {
  /** By the scorer's strict definition. */
  score: number;
  /** The same after an answer was extracted from the text; equal to `score` where nothing is extracted. */
  extracted: number;
  /** Whether the text has the form that the task asks for. */
  valid: boolean;
  /** The answer as a class label, for classification tasks. */
  label?: string;
}

/** Says what an answer is worth. `Options`: the type of its checked options, see `defineScorer`. */
export interface Scorer<Options = Record<string, unknown>> {
  name: string;
  version: number;
  summary: string;
  source: string;
  options: Record<string, unknown>;
  /** Pure. `output` is the generated text as it came. */
  score(example: Example, output: string, options: Options): Score;
}

/** What a reporter works with besides the results. */
export interface ReportContext {
  /** Every metric that is known: the built-in ones, and those of plug-ins. */
  metrics: readonly Metric[];
  /** Keys of the metrics that are the columns of the leaderboard; the reporter's own choice when absent. */
  columns?: readonly string[];
}

/** A result whose shape its schema says, such as `gate@1` or `comparison@1`. */
export interface PublishedResult {
  schema: string;
}

/** Shows results to people or programs. */
export interface Reporter {
  name: string;
  summary: string;
  /** True where a run is rendered by it unless it names its reporters. */
  default?: boolean;
  /** Renders a run directory, finished or not. Returns the files that it wrote, the one to open first. */
  render(runDirectory: string, outputDirectory: string, context: ReportContext): Promise<string[]>;
  /**
   * Follows a run from its start, where the reporter can. What it returns is called for each event, in order; nothing
   * waits for it. If it throws, a notice says so and it is called no more.
   */
  observe?(runDirectory: string, outputDirectory: string): (event: RunEvent) => void;
  /** Renders versions over time, where the reporter can. Returns the files that it wrote, the one to open first. */
  renderHistory?(history: History, outputDirectory: string, context: ReportContext): Promise<string[]>;
  /** Renders the leaderboard of several runs, where the reporter can. Returns the files that it wrote, the one to open first. */
  renderBoard?(board: Board, outputDirectory: string, context: ReportContext): Promise<string[]>;
  /** Makes a live page of runs and a registry, where the reporter can. */
  openDashboard?(): Promise<DashboardRenderer>;
  /** Renders results of a gate or of comparisons as one file, where the reporter can; shapes by their published schemas. */
  renderResults?(results: readonly PublishedResult[], file: string): Promise<void>;
}

/** What is known of a model without opening it. */
export interface InspectedModel {
  architecture: string;
  parameters: number;
  /** SHA-256 over everything that determines its answers. */
  digest: string;
  /** What its inputs may be made of; text alone when absent. */
  modalities?: readonly Modality[];
  /** Whether it comes with a template for chats, which its prompts are to be put in. */
  chatTemplate?: boolean;
  /** What is stored and not used, or was taken for granted, in words. */
  notes?: string[];
}

/** Lengths in a model's own tokens. */
export interface TextMeasure {
  /** Tokens of an answer as it is trained on and generated, the end token included. */
  answer(text: string): number;
  /** Tokens of a prompt's text. */
  prompt(text: string): number;
  /** Tokens of an image, where the model takes some. */
  image?: number;
  /** Most tokens of prompt and answer together, unless a trainer's options say otherwise. */
  longest: number;
}

/** A kind of model directory. */
export interface ModelFormat {
  name: string;
  summary: string;
  /** Cheap: looks at which files are there. */
  recognizes(directory: string): boolean;
  /** Checks every file (config, tensors' shapes, tokenizer). Throws MODEL_INVALID with file and fix. */
  inspect(directory: string): Promise<InspectedModel>;
  /** How long texts are for a model. Absent where its tokenizer is not known, as behind a server. */
  measure?(directory: string): Promise<TextMeasure>;
  /** What an engine opens. Cheap, reads no weights. Absent where models of this format are not opened by an engine. */
  open?(directory: string): Promise<Checkpoint>;
}

/**
 * A method that a plug-in makes trainers of, alone and composed with others. What its strategy is, and which further
 * members it has, is between its author and that plug-in; see `trace-bench/kit`.
 */
export interface MethodDefinition {
  name: string;
  summary: string;
  /** Paper, section, or "baseline". */
  source: string;
  /** Changes whenever the same options would give other results. */
  version: number;
  /** True where its trainer is one of those that a run compares unless it names others. */
  default?: boolean;
  /** JSON schemas of its own options, by name, with defaults. */
  options: Record<string, unknown>;
  /** Made anew for each learner, from checked options with their defaults. */
  strategy(options: Record<string, unknown>): unknown;
}

/** What a plug-in module exports as `plugin`; the built-in rooms load by the same door. */
export interface Plugin {
  methods?: MethodDefinition[];
  /** Makes trainers of the methods of all plug-ins: each alone, and compositions. */
  trainersFrom?(methods: readonly MethodDefinition[]): TrainerDefinition[];
  trainers?: TrainerDefinition[];
  suites?: SuiteDefinition[];
  scorers?: Scorer[];
  reporters?: Reporter[];
  metrics?: MetricDefinition[];
  models?: ModelFormat[];
  engines?: EngineDefinition[];
  launchers?: LauncherDefinition[];
  /** Statements of the field that `bench claims` puts to the test, on any suite. */
  claims?: Claim[];
}
