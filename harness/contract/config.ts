import type { AlertSettings } from "./alert.js";
import type { IsolationPolicy } from "./isolation.js";

/** Everything a run was asked for, after the file and the flags became one; what `harness/config` produces. */
export interface RunConfig {
  suite: { name: string; location?: string; options: Record<string, unknown> };
  /** Model reference; the suite's default when absent. */
  model?: string;
  trainers: TrainerConfig[];
  /** How many seeds an order has, each order its own; or the seeds of every order, such as [1, 2, 3]. */
  seeds: number | number[];
  /** How many task orders: the suite's published ones first, then seeded shuffles. */
  orders: number;
  workers: number;
  /** Threads inside one cell; more than 1 changes bits and is part of the cell's digest. */
  threads: number;
  /** A name, several separated by commas that cells share, or `auto`: all GPUs, else the CPU. */
  device: string;
  /** Devices that compute one cell; 1 when absent. */
  devicesPerCell?: number;
  /** Name of the engine that computes; the first that opens the model on the device when absent. */
  engine?: string;
  /** The type of the weights; float32 when absent. */
  dtype?: "bfloat16";
  /** Path of the interpreter, for an engine that computes in Python; the engine's own choice when absent. */
  python?: string;
  /** Most megabytes (2^20) of features of images that an engine keeps; its own choice when absent. Changes no bits. */
  imageFeatures?: number;
  quick: boolean;
  /** Run directory. */
  out?: string;
  retryFailed: boolean;
  keepCheckpoints: "last" | "all" | "none";
  /** `<run directory>/<cell id>[:task]`: what the cells go on from; then trainers and seeds may be empty: the source's. */
  fromCheckpoint?: string;
  /** Measurements within a task; none when absent. */
  observation?: ObservationSettings;
  /** Whether a model that has a chat template is asked and trained through it; `auto` when absent: it is. */
  chat?: "auto" | "never";
  /** What is watched while the run goes on; `defaultAlerts` when absent. Has no influence on results. */
  alerts?: AlertSettings;
  /** Whether leaks, repeated rows and contradictions in the data are errors. */
  strict?: boolean;
  /** Keys of the metrics that are columns of the leaderboard; the usual ones when absent. Has no influence on results. */
  metrics?: string[];
  /** Names of the reporters; the default ones when absent. Have no influence on results. */
  reporters?: string[];
  /** Whether plug-ins are kept from the files of run and suite; `auto` when absent. Has no influence on results. */
  isolate?: IsolationPolicy;
  /** The engine that carries out the cells, or its address; threads of this process when absent. Has no influence on results. */
  on?: string;
  /** How cells are carried out elsewhere; as `RemoteSettings` says when absent. */
  remote?: RemoteSettings;
  /** What a device costs, for the plan. */
  price?: PriceSettings;
  /** Further plug-ins: file paths, npm packages, or `command:…`. */
  plugins: string[];
}

/** How cells are carried out elsewhere. */
export interface RemoteSettings {
  /** What all machines see: a directory, or s3://bucket/prefix; `store` in the run's directory when absent. */
  store?: string;
  /** What starts bench there; the paths of Node and bench here when absent. */
  command?: string[];
  /** Processors of a cell; its threads when absent. */
  cpus?: number;
  /** GPUs of a cell; one on cuda, else none, when absent. */
  gpus?: number;
  /** Memory of a cell in GB; what the plan expects, where it knows, when absent. */
  memory?: number;
  /** Seconds that one attempt at a cell may take; unlimited when absent. */
  timeout?: number;
  /** How often a cell is started again after its worker or machine died; twice when absent. */
  retries?: number;
  /** Those of the engine; see `bench show`. */
  options?: Record<string, unknown>;
}

/** What an hour of a device costs. */
export interface PriceSettings {
  perHour: number;
  /** Such as USD; none when absent. */
  currency?: string;
}

/** When and on how much a model is measured while it learns a task. */
export interface ObservationSettings {
  /** Steps from one measurement to the next. */
  every: number;
  /** Most test items of each task that are asked at every measurement. */
  items: number;
}

/** A trainer of a run with its options. */
export interface TrainerConfig {
  /** The row's label; the trainer's name unless the file gives one. */
  label: string;
  name: string;
  options: Record<string, unknown>;
}
