import type { CurvesRecord, MatrixRecord } from "./result.js";
import type { ProbeKind } from "./suite.js";

/** A metric's value, or null with the reason. */
export interface MetricValue {
  value: number | null;
  reason?: string;
}

/** What is said of a metric, whatever it is made from. */
export interface MetricDescription {
  /** Name, origin and version, such as bwt.gem@1: another formula is another id. */
  id: string;
  /** Short name in camelCase, the key in a leaderboard row. */
  key: string;
  title: string;
  formula: string;
  /** Paper or "bench" where the definition is ours. */
  source: string;
  higherIsBetter: boolean;
  /** It compares a learner with one that was trained jointly on all tasks; null without that one's matrix. */
  needsJoint?: boolean;
  /** It is made of scores within tasks; null where none were measured. */
  needsCurves?: boolean;
  /** It is made of probes of abilities; null where a suite has none. */
  needsProbes?: boolean;
}

/** A metric of one learner: what a plug-in registers. Values are on the scale of scores: 0..1, or differences of them. */
export interface MetricDefinition extends Omit<MetricDescription, "higherIsBetter"> {
  /** False for what is better when small; true when absent. */
  higherIsBetter?: boolean;
  /** Below this number of tasks the metric makes no sense; 1 when absent. */
  leastTasks?: number;
  /**
   * Pure. Wherever it reads a score that was not measured it gets NaN, and the metric is null with that as its reason;
   * so it is when it throws.
   */
  compute(R: MatrixView, more: MetricInput): number;
}

/** What a metric may read besides the matrix. */
export interface MetricInput {
  /** The matrix as it is stored. */
  matrix: MatrixRecord;
  /** The matrix of a learner trained jointly on all tasks; only for a metric that declares `needsJoint`. */
  readonly joint: MatrixRecord;
  /** The scores within tasks; only for a metric that declares `needsCurves`. */
  readonly curves: CurvesView;
}

/** An accuracy matrix by the indices of the formulas: rows 0 to T, tasks 1 to T. What was not measured reads as NaN. */
export interface MatrixView {
  /** T, the number of tasks. */
  readonly tasks: number;
  /** The id of a task. */
  taskName(task: number): string;
  /** R[row, task]: the score on a task after training the first `row` tasks. */
  score(row: number, task: number): number;
  /** The same from answers extracted out of the text. */
  extracted(row: number, task: number): number;
  /** Share of the answers in the form asked for. */
  valid(row: number, task: number): number;
  /** The score on the task's shifted test. */
  shifted(row: number, task: number): number;
  /** The score on the task's items of one aspect. */
  aspect(name: string, row: number, task: number): number;
  /** The tasks that have items of an aspect; without any, the metric has nothing to measure. */
  tasksWith(aspect: string): number[];
  /** Names of the probes of a kind; without any, the metric has nothing to measure. */
  probes(kind: ProbeKind): string[];
  /** The score on a probe after training the first `row` tasks. */
  probe(name: string, row: number): number;
  /** Remembers why a metric cannot be computed, and is NaN. */
  lack(reason: string): number;
}

/** Scores within tasks by the indices of the formulas: tasks 1 to T. What was not measured reads as NaN. */
export interface CurvesView {
  /** T, the number of tasks. */
  readonly tasks: number;
  /** A(n, task) at every point n while task k is learned, the row before it first and the row after it last. */
  during(k: number, task: number): number[];
  /** The same without the row before, which is the last point of the task before. */
  within(k: number, task: number): number[];
}

/** A metric that can be computed from what is stored of a cell. */
export interface Metric extends MetricDescription {
  /** The value for a cell; null with the reason where something that it needs is missing. */
  compute(matrix: MatrixRecord, joint?: MatrixRecord, curves?: CurvesRecord): MetricValue;
}
