import type { Constraint, Update } from "../../contract.js";
import type { Value } from "../graph/graph.js";
import { add, cast, divide, multiply, split } from "../graph/operators/index.js";
import { floats, type Tensor } from "../graph/session.js";

/** What of an update shapes its graph; its numbers are inputs. */
export interface UpdateForm {
  readonly componentRates: boolean;
  readonly proximal: boolean;
  readonly constraint: Constraint["kind"] | null;
  /** Whether the gradient is an output too. */
  readonly reportGradient?: true;
}

export function updateForm(update: Update): UpdateForm {
  return {
    componentRates: Object.keys(update.componentRates ?? {}).length > 0,
    proximal: update.proximal !== undefined,
    constraint: update.constraint?.kind ?? null,
    ...(update.reportGradient ? { reportGradient: true } : {}),
  };
}

export const numbers = ["limit", "beta1", "rest1", "beta2", "rest2", "step", "epsilon", "decay", "proximal"] as const;
/** And those that the norm of the gradient decides, for an update in pieces. */
export const pieceNumbers = [...numbers, "firstRate", "secondRate", "excess"] as const;
type Numbers = Record<Exclude<(typeof pieceNumbers)[number], "excess">, Value>;

/**
 * The numbers of one AdamW update (Loshchilov & Hutter, 1711.05101, algorithm 2), `step` counted from 1. The bias
 * corrections c₁, c₂ are folded into the step: η·(m/c₁)/(√(v/c₂) + ε) = (η·√c₂/c₁)·m/(√v + ε·√c₂).
 */
export function updateFeeds(update: Update, step: number): Record<string, Tensor> {
  const { learningRate, beta1, beta2 } = update;
  const root = Math.sqrt(1 - beta2 ** step);
  const values: Record<(typeof numbers)[number], number> = {
    limit: update.clip ?? Number.POSITIVE_INFINITY,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    step: (learningRate * root) / (1 - beta1 ** step),
    epsilon: update.epsilon * root,
    decay: learningRate * update.weightDecay,
    proximal: learningRate * (update.proximal?.strength ?? 0),
  };
  return { update: floats(numbers.map((name) => values[name])) };
}

/** What of a run of parameters an update reads. */
export interface Own {
  readonly parameters: Value;
  readonly gradient: Value;
  readonly first: Value;
  readonly second: Value;
  readonly rates?: Value;
  readonly mask?: Value;
  readonly anchor?: Value;
  readonly importance?: Value;
}

/** The next parameters and moments. */
export function moved(number: Numbers, matrices: boolean, own: Own): Pick<Own, "parameters" | "first" | "second"> {
  const { parameters, gradient, first, second, rates, mask, anchor, importance } = own;
  const { graph, shape } = parameters;
  const nextFirst = add(multiply(first, number.beta1), multiply(gradient, number.firstRate));
  const squared = multiply(gradient, gradient);
  const nextSecond = add(multiply(second, number.beta2), multiply(squared, number.secondRate));
  const root = graph.node("Sqrt", [nextSecond], shape);
  const perParameter = (value: Value): Value => (rates ? multiply(rates, value) : value);
  const change = multiply(divide(nextFirst, add(root, number.epsilon)), perParameter(number.step));
  const decay = perParameter(number.decay);
  const kept = matrices
    ? multiply(parameters, graph.node("Sub", [graph.constant([1]), decay], decay.shape))
    : parameters;
  let next = graph.node("Sub", [kept, change], shape);
  if (anchor && importance) {
    const pull = multiply(importance, perParameter(number.proximal));
    next = divide(add(next, multiply(pull, anchor)), add(pull, graph.constant([1])));
  }
  if (!mask) return { parameters: next, first: nextFirst, second: nextSecond };
  const free = cast(mask, "bool");
  const orKept = (value: Value, old: Value): Value => graph.node("Where", [free, value, old], shape, {}, value.type);
  return { parameters: orKept(next, parameters), first: orKept(nextFirst, first), second: orKept(nextSecond, second) };
}

/** How much of a gradient enters the moments, after the clip of its norm; `finite` replaces the factor where it must not. */
export function gradientRates(
  number: Pick<Numbers, "limit" | "rest1" | "rest2">,
  norm: Value,
  finite: (factor: Value) => Value,
) {
  const { graph } = norm;
  const allowed = divide(number.limit, add(norm, graph.constant([1e-6])));
  const factor = finite(graph.node("Min", [allowed, graph.constant([1])], [1]));
  return {
    firstRate: multiply(factor, number.rest1),
    secondRate: multiply(multiply(factor, factor), number.rest2),
  };
}

export function numbersOf<N extends string>(given: Value, names: readonly N[]): Record<N, Value> {
  const parts = split(
    given,
    0,
    names.map(() => 1),
  );
  return Object.fromEntries(names.map((name, i) => [name, parts[i]!])) as Record<N, Value>;
}
