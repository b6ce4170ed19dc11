import type { Metric, MetricDefinition, MetricInput, MetricValue } from "../contract/metric.js";
import type { CurvesRecord, MatrixRecord } from "../contract/result.js";
import { MatrixReader } from "./matrix-reader.js";
import { CurvesReader, whyNotWithin } from "./within-task/curves-reader.js";

/** Makes a metric that is null with a reason wherever something that its formula reads is missing. */
export function metricOf(definition: MetricDefinition): Metric {
  const { leastTasks: _leastTasks, compute: _compute, higherIsBetter = true, ...description } = definition;
  return {
    ...description,
    higherIsBetter,
    compute: (matrix, joint, curves) => {
      const reason = whyNot(definition, matrix, joint, curves);
      return reason === undefined ? computed(definition, matrix, joint, curves) : { value: null, reason };
    },
  };
}

function whyNot(
  { leastTasks = 1, needsJoint, needsCurves }: MetricDefinition,
  { tasks }: MatrixRecord,
  joint: MatrixRecord | undefined,
  curves: CurvesRecord | undefined,
): string | undefined {
  if (tasks.length < leastTasks) return `it needs at least ${leastTasks} tasks`;
  if (needsJoint && joint === undefined) {
    return "it needs the matrix of a learner trained on all tasks at once (joint)";
  }
  return needsCurves ? whyNotWithin(curves) : undefined;
}

function computed(
  { compute, needsJoint, needsCurves }: MetricDefinition,
  matrix: MatrixRecord,
  joint: MatrixRecord | undefined,
  curves: CurvesRecord | undefined,
): MetricValue {
  const view = new MatrixReader(matrix);
  const within = needsCurves ? new CurvesReader(curves!) : undefined;
  const more: MetricInput = {
    matrix,
    get joint() {
      return needsJoint ? joint! : undeclared("joint", "needsJoint");
    },
    get curves() {
      return within ?? undeclared("curves", "needsCurves");
    },
  };
  try {
    const value = compute(view, more);
    const missing = view.missing ?? within?.missing;
    if (missing !== undefined) return { value: null, reason: missing };
    return Number.isFinite(value) ? { value } : { value: null, reason: "its formula gives no finite number" };
  } catch (error) {
    return { value: null, reason: `its formula fails: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function undeclared(member: string, flag: string): never {
  throw new Error(`it reads "${member}" without declaring ${flag}`);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** first, first + 1, …, last; empty when last < first. */
export function range(first: number, last: number): number[] {
  const numbers: number[] = [];
  for (let number = first; number <= last; number++) numbers.push(number);
  return numbers;
}

/** The sum; null where a summand is unknown. */
export function sumOrNull(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

/** The arithmetic mean; null where a value is unknown, NaN of nothing. */
export function meanOrNull(values: readonly (number | null)[]): number | null {
  const sum = sumOrNull(values);
  return sum === null ? null : sum / values.length;
}
