import type { Alert } from "./alert.js";
import type { CellProgress } from "./event.js";
import type { MonitorAlert } from "./monitor.js";
import type { EvaluationRecord, VersionRecord } from "./registry.js";
import type { CellRecord, CellStatus } from "./result.js";
import type { RolloutEvent, RolloutMetric, RolloutPhase } from "./rollout.js";

/** What a dashboard shows: runs and a registry as they are now. What is not known is null. */
export interface DashboardState {
  /** Newest first. */
  runs: DashboardRun[];
  models: DashboardModel[];
  machine: MachineState;
  /** What could not be read, a sentence each. */
  problems: string[];
  /** Whether whoever has a key may act. */
  takesKeys: boolean;
}

/** A run, finished or not. */
export interface DashboardRun {
  directory: string;
  id: string;
  createdAt: string;
  suite: { name: string; version: string; generated: boolean };
  model: string;
  /** `interrupted`: cells are left to do, and no process works on it. */
  state: "running" | "finished" | "interrupted";
  cells: DashboardCell[];
  /** Of the whole, on 0..1, as its process says; null where none works on it. */
  progress: { fraction: number; secondsLeft: number | null } | null;
  peakMemoryBytes: number | null;
}

/** A cell of a run, as far as it is measured. */
export interface DashboardCell extends CellRecord {
  status: CellStatus;
  tasks: string[];
  /** (T+1) × T scores on 0..1; null where nothing was measured yet. */
  matrix: (number | null)[][];
  stepwise: boolean;
  /** What was learned, in order, with the loss in nats a token; steps count within each. The last may be incomplete. */
  learning: { task: string; steps: number; losses: LossPoint[] }[];
  working: CellProgress | null;
  alerts: Alert[];
  error: string | null;
  /** So far; null where it is not known. */
  spent: Record<"seconds" | "trainedTokens" | "generatedTokens" | "flops", number | null>;
  checkpointBytes: number | null;
}

/** The loss at a step. */
export interface LossPoint {
  step: number;
  loss: number;
}

/** A model of the registry with its versions and rollouts. */
export interface DashboardModel {
  name: string;
  versions: DashboardVersion[];
  /** Raised on deployed versions, newest first. */
  alerts: MonitorAlert[];
  /** Newest first. */
  rollouts: DashboardRollout[];
}

/** A version with what points at it. */
export interface DashboardVersion extends Omit<VersionRecord, "files"> {
  bytes: number;
  aliases: string[];
  evaluations: EvaluationRecord[];
}

/** A rollout with its evidence. */
export interface DashboardRollout {
  number: number;
  candidate: number;
  champion: number;
  phase: RolloutPhase;
  percent: number;
  step: number;
  steps: number[];
  /** Observations of the candidate, of each metric, before a step ends. */
  minimum: number;
  /** What evidence and policy say is to be done now. */
  decision: { action: string; reason: string };
  metrics: DashboardEvidence[];
  history: Exclude<RolloutEvent, { type: "observed" }>[];
}

/** What was observed of one metric, and the bounds at which that decides. */
export interface DashboardEvidence extends RolloutMetric {
  metric: string;
  observations: { candidate: number; champion: number };
  inStep: number;
  difference: number | null;
  /** Wealth of the two bets, and where they decide. */
  worse: number;
  worseBound: number;
  notWorse: number;
  notWorseBound: number;
  /** Both over the pairs, thinned out. */
  course: { pairs: number; worse: number; notWorse: number }[];
}

/** What the machine of the dashboard has and uses. */
export interface MachineState {
  cores: number;
  /** Processes that want to run, on average over a minute. */
  load: number;
  memoryBytes: number;
  freeMemoryBytes: number;
  disks: { path: string; bytes: number; freeBytes: number }[];
}

/** A file that a live page loads. */
export interface DashboardAsset {
  type: string;
  content: string;
}

/** What makes a live page of a state: equal states give equal texts. */
export interface DashboardRenderer {
  /** Parts of the page that change, in their order, each the HTML of one element with that id. */
  parts(state: DashboardState): Record<string, string>;
  /**
   * The whole page.
   *
   * @param stamp what the page asks for later parts with.
   */
  page(parts: Record<string, string>, settings: Pick<DashboardState, "takesKeys"> & { stamp: string }): string;
  /** By the path that the page loads them from. */
  assets: Record<string, DashboardAsset>;
}
