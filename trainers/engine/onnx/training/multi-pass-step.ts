import type { Objective, StepReport, Update, Vector } from "../../contract.js";
import { type Part, termsOf, weighted } from "../../parts.js";
import type { SessionOptions } from "../graph/session.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { isProjection, type Projection, projected } from "./projection.js";

/** What of a model the gradients of parts need. */
interface Summable {
  readonly vectors: VectorPool;
  /** Whether one gradient is all that is kept of the parts'. */
  readonly large: boolean;
  differentiate(
    objective: Objective,
    part: number,
    freezesTower: boolean,
    onto?: Vector,
  ): Promise<{ gradient: Vector; values: number[]; tokens: number; flops: number }>;
}

/** What of a model a step needs that is put together here. */
export interface Steppable extends Summable {
  readonly session: SessionOptions;
  readonly trainable: ParameterStore;
  snapshot(): Vector;
  restore(vector: Vector): void;
  apply(gradient: Vector, update: Update): Promise<{ gradientNorm: number }>;
}

/** A step in several native runs: the gradient part by part, its projection, the update. */
export async function multiPassStep(
  model: Steppable,
  objective: Objective,
  parts: readonly Part[],
  update: Update,
  freezesTower: boolean,
): Promise<StepReport> {
  const { vectors } = model;
  const { constraint, reportGradient, ...rest } = update;
  const { gradient: whole, values, ...sum } = await gradientInParts(model, parts, freezesTower);
  const gradients = [whole];
  const project = (vector: Vector) =>
    projected(vector, constraint as Projection, vectors, model.session, model.trainable.tensors);
  if (isProjection(constraint)) gradients.push(await project(whole));
  const plain = constraint && !isProjection(constraint) ? { ...rest, constraint } : rest;
  const before = constraint?.kind === "subspaces" ? model.snapshot() : undefined;
  const { gradientNorm } = await model.apply(gradients.at(-1)!, plain);
  if (before) await projectMovement(model, before, project);
  for (const vector of gradients) if (!(reportGradient && vector === whole)) vectors.free(vector);
  const terms = termsOf(objective, parts, values);
  const report = { loss: weighted(objective, terms), terms, gradientNorm, ...sum };
  return reportGradient ? { ...report, gradient: whole } : report;
}

/** The gradient of an objective in parts, and the values of each part's terms. */
export async function gradientInParts(model: Summable, parts: readonly Part[], freezesTower = false) {
  const values: number[][] = [];
  const sum = { tokens: 0, flops: 0 };
  const gradients: Vector[] = [];
  for (const [index, part] of parts.entries()) {
    const onto = model.large ? gradients[0] : undefined;
    const found = await model.differentiate(part.objective, index, freezesTower, onto);
    const { gradient } = found;
    if (gradient !== onto) gradients.push(gradient);
    values.push(found.values);
    sum.tokens += found.tokens;
    sum.flops += found.flops;
  }
  if (gradients.length === 1) return { gradient: gradients[0]!, values, ...sum };
  const gradient = model.vectors.combine(Array(gradients.length).fill(1), gradients);
  for (const vector of gradients) model.vectors.free(vector);
  return { gradient, values, ...sum };
}

/** Projects what an update made of the parameters, and frees `before`. */
async function projectMovement(
  model: Steppable,
  before: Vector,
  project: (movement: Vector) => Promise<Vector>,
): Promise<void> {
  const { vectors } = model;
  const after = model.snapshot();
  const movement = vectors.combine([1, -1], [after, before]);
  const kept = await project(movement);
  const moved = vectors.combine([1, 1], [before, kept]);
  model.restore(moved);
  for (const vector of [before, after, movement, kept, moved]) vectors.free(vector);
}
