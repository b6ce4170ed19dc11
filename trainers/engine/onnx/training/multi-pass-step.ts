import type { ComponentRates, Objective, StepReport, Update, Vector } from "../../contract.js";
import { type Part, termsOf, weighted } from "../../parts.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { freeze } from "./component-rates.js";

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
  apply(gradient: Vector, update: Update, frozen: boolean): Promise<{ gradientNorm: number }>;
}

/** A step in several native runs: the gradient part by part, and its application. */
export async function multiPassStep(
  model: Steppable,
  objective: Objective,
  parts: readonly Part[],
  update: Update,
): Promise<StepReport> {
  const { reportGradient, ...rest } = update;
  const { gradient, values, ...sum } = await gradientInParts(model, parts, update.componentRates);
  const { gradientNorm } = await model.apply(gradient, rest, true);
  if (!reportGradient) model.vectors.free(gradient);
  const terms = termsOf(objective, parts, values);
  const report = { loss: weighted(objective, terms), terms, gradientNorm, ...sum };
  return reportGradient ? { ...report, gradient } : report;
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
