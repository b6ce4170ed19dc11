import type { Objective, StepReport, Update, Vector } from "../../contract.js";
import { type Part, weighted } from "../../parts.js";
import type { SessionOptions } from "../graph/session.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { isProjection, projected } from "./projection.js";

/** What of a model a step needs that is put together here. */
export interface Steppable {
  readonly vectors: VectorPool;
  readonly session: SessionOptions;
  differentiate(
    objective: Objective,
    part: number,
  ): Promise<{ gradient: Vector; values: number[]; tokens: number; flops: number }>;
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
  const { constraint, reportGradient, ...rest } = update;
  const terms = objective.terms.map(() => 0);
  const sum = { tokens: 0, flops: 0 };
  const gradients: Vector[] = [];
  for (const [index, part] of parts.entries()) {
    const { gradient, values, tokens, flops } = await model.differentiate(part.objective, index);
    gradients.push(gradient);
    for (const [i, { term, share }] of part.shares.entries()) terms[term]! += share * values[i]!;
    sum.tokens += tokens;
    sum.flops += flops;
  }
  if (gradients.length > 1) gradients.push(vectors.combine(Array(parts.length).fill(1), gradients));
  const whole = gradients.at(-1)!;
  if (isProjection(constraint)) gradients.push(await projected(whole, constraint, vectors, model.session));
  const plain = constraint && !isProjection(constraint) ? { ...rest, constraint } : rest;
  const { gradientNorm } = await model.apply(gradients.at(-1)!, plain);
  for (const vector of gradients) if (!(reportGradient && vector === whole)) vectors.free(vector);
  const report = { loss: weighted(objective, terms), terms, gradientNorm, ...sum };
  return reportGradient ? { ...report, gradient: whole } : report;
}
