import type { ComponentRates, Objective, StepReport, Update, Vector } from "../../contract.js";
import { type Part, termsOf, weighted } from "../../parts.js";
import type { SessionOptions } from "../graph/session.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { freeze } from "./component-rates.js";
import { isProjection, type Projection, projected } from "./projection.js";

type HalfSpaces = Extract<Projection, { kind: "half-spaces" }>;

/** What of a model the gradients of parts need. */
interface Summable {
  readonly vectors: VectorPool;
  /** Whether one gradient is all that is kept of the parts'. */
  readonly large: boolean;
  readonly trainable: ParameterStore;
  differentiate(
    objective: Objective,
    part: number,
    rates?: ComponentRates,
    onto?: Vector,
  ): Promise<{ gradient: Vector; values: number[]; tokens: number; flops: number }>;
}

/** What of a model a step needs that is put together here. */
export interface Steppable extends Summable {
  readonly session: SessionOptions;
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
): Promise<StepReport> {
  const { vectors } = model;
  const { reportGradient, constraint: asked, ...rest } = update;
  const { gradient: whole, values, ...sum } = await gradientInParts(model, parts, update.componentRates);
  const constraint = asked?.kind === "half-spaces" ? amongMoving(model, asked, update.componentRates) : asked;
  const gradients = [whole];
  const project = (vector: Vector) =>
    projected(vector, constraint as Projection, vectors, model.session, model.trainable.tensors);
  if (isProjection(constraint)) gradients.push(await project(whole));
  const plain = constraint && !isProjection(constraint) ? { ...rest, constraint } : rest;
  const before = constraint?.kind === "subspaces" ? model.snapshot() : undefined;
  const { gradientNorm } = await model.apply(gradients.at(-1)!, plain);
  if (before) await projectMovement(model, before, project);
  if (constraint?.kind === "half-spaces") gradients.push(...constraint.normals);
  for (const vector of gradients) if (!(reportGradient && vector === whole)) vectors.free(vector);
  const terms = termsOf(objective, parts, values);
  const report = { loss: weighted(objective, terms), terms, gradientNorm, ...sum };
  return reportGradient ? { ...report, gradient: whole } : report;
}

/** Half-spaces with copies of their normals, 0 where a rate is. */
function amongMoving(model: Steppable, constraint: HalfSpaces, rates?: ComponentRates): HalfSpaces {
  const { vectors, trainable } = model;
  const copied = constraint.normals.map((normal) => vectors.copy(vectors.values(normal)));
  for (const normal of copied) freeze(trainable, rates, vectors.values(normal));
  return { ...constraint, normals: copied };
}

/** The gradient of an objective in parts, 0 where a rate is, and the values of each part's terms. */
export async function gradientInParts(model: Summable, parts: readonly Part[], rates?: ComponentRates) {
  const values: number[][] = [];
  const sum = { tokens: 0, flops: 0 };
  const gradients: Vector[] = [];
  for (const [index, part] of parts.entries()) {
    const onto = model.large ? gradients[0] : undefined;
    const found = await model.differentiate(part.objective, index, rates, onto);
    const { gradient } = found;
    if (gradient !== onto) gradients.push(gradient);
    values.push(found.values);
    sum.tokens += found.tokens;
    sum.flops += found.flops;
  }
  const [first] = gradients;
  const gradient = gradients.length === 1 ? first! : model.vectors.combine(Array(gradients.length).fill(1), gradients);
  if (gradient !== first) for (const vector of gradients) model.vectors.free(vector);
  freeze(model.trainable, rates, model.vectors.values(gradient));
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
