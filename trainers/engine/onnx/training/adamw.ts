import type { Constraint, Update } from "../../contract.js";
import type { Graph, Value } from "../graph/graph.js";
import { add, cast, divide, multiply, reshape, split, sumOfSquares, total } from "../graph/operators/index.js";
import { floats, type Tensor } from "../graph/session.js";
import { type Segment, segmentInputs, segmentOutputs } from "../parameters/segments.js";

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

const numbers = ["limit", "beta1", "rest1", "beta2", "rest2", "step", "epsilon", "decay", "proximal"] as const;
type Numbers = Record<(typeof numbers)[number], Value>;

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

/**
 * Appends constraint, global-norm clip, AdamW and proximal step. Inputs besides `parameters`: `update` (see
 * `updateFeeds`), per segment `first`, `second` and, by form, `rates`, `normal`, `mask`, `proximal.anchor`,
 * `proximal.importance`. Outputs: `norm`, if asked for `gradient`, and per segment `next.parameters`, `next.first`, `next.second`.
 *
 * Where the norm or one of the `reported` scalars is not finite, the next state equals the old; so does that of every
 * parameter whose mask is 0. The outputs may be bound
 * to the inputs' buffers: all that reads a parameter, the reported scalars included, is an ancestor of what writes it.
 */
export function appendUpdate(
  graph: Graph,
  form: UpdateForm,
  segments: readonly Segment[],
  parameters: readonly Value[],
  gradients: readonly Value[],
  reported: readonly Value[],
): void {
  if (form.reportGradient) segmentOutputs(graph, "gradient", gradients);
  const masks = form.constraint === "mask" ? segmentInputs(graph, "mask", segments) : undefined;
  const constrained = masks
    ? gradients.map((own, i) => multiply(own, masks[i]!))
    : constrain(graph, form, segments, gradients);
  const norm = graph.node("Sqrt", [reshape(sum(constrained.map(sumOfSquares)), [1])], [1]);
  graph.output("norm", norm);
  const magnitudes = reported.map((value) => graph.node("Abs", [reshape(value, [1])], [1]));
  const largest = graph.constant([graph.precision === "float32" ? 3.4028234663852886e38 : Number.MAX_VALUE]);
  const finite = graph.node("LessOrEqual", [sum([norm, ...magnitudes]), largest], [1], {}, "bool");
  const given = split(
    graph.input("update", [numbers.length]),
    0,
    numbers.map(() => 1),
  );
  const idle: Partial<Record<string, number>> = { beta1: 1, beta2: 1, epsilon: 1 };
  const choose = (value: Value, otherwise: number): Value =>
    graph.node("Where", [finite, value, graph.constant([otherwise])], value.shape, {}, value.type);
  const number = Object.fromEntries(numbers.map((name, i) => [name, choose(given[i]!, idle[name] ?? 0)])) as Numbers;
  const allowed = divide(number.limit, add(norm, graph.constant([1e-6])));
  const factor = choose(graph.node("Min", [allowed, graph.constant([1])], [1]), 0);
  const firstRate = multiply(factor, number.rest1);
  const secondRate = multiply(multiply(factor, factor), number.rest2);

  const inputs = (name: string, wanted = true): Value[] => (wanted ? segmentInputs(graph, name, segments) : []);
  const first = inputs("first");
  const second = inputs("second");
  const rates = inputs("rates", form.componentRates);
  const anchors = inputs("proximal.anchor", form.proximal);
  const importances = inputs("proximal.importance", form.proximal);
  const states = segments.map((segment, i) => {
    const gradient = choose(constrained[i]!, 0);
    const nextFirst = add(multiply(first[i]!, number.beta1), multiply(gradient, firstRate));
    const squared = multiply(gradient, gradient);
    const nextSecond = add(multiply(second[i]!, number.beta2), multiply(squared, secondRate));
    const root = graph.node("Sqrt", [nextSecond], segment.shape);
    const perParameter = (value: Value): Value => (form.componentRates ? multiply(rates[i]!, value) : value);
    const change = multiply(divide(nextFirst, add(root, number.epsilon)), perParameter(number.step));
    const kept = segment.matrices
      ? multiply(
          parameters[i]!,
          graph.node("Sub", [graph.constant([1]), perParameter(number.decay)], perParameter(number.decay).shape),
        )
      : parameters[i]!;
    let next = graph.node("Sub", [kept, change], segment.shape);
    if (form.proximal) {
      const pull = multiply(importances[i]!, perParameter(number.proximal));
      next = divide(add(next, multiply(pull, anchors[i]!)), add(pull, graph.constant([1])));
    }
    const changed = { parameters: next, first: nextFirst, second: nextSecond };
    if (!masks) return changed;
    const free = cast(masks[i]!, "bool");
    const orKept = (value: Value, old: Value): Value =>
      graph.node("Where", [free, value, old], segment.shape, {}, value.type);
    return {
      parameters: orKept(next, parameters[i]!),
      first: orKept(nextFirst, first[i]!),
      second: orKept(nextSecond, second[i]!),
    };
  });
  for (const name of ["parameters", "first", "second"] as const) {
    segmentOutputs(
      graph,
      `next.${name}`,
      states.map((state) => state[name]),
    );
  }
}

/** The half-space's closed form (1812.00420, eq. 11): g − min(⟨g, n⟩, 0) / ⟨n, n⟩ · n. */
function constrain(graph: Graph, form: UpdateForm, segments: readonly Segment[], gradients: readonly Value[]): Value[] {
  if (form.constraint === null) return [...gradients];
  if (form.constraint !== "half-space") throw new RangeError(`${form.constraint} is no part of an update.`);
  const normals = segmentInputs(graph, "normal", segments);
  const product = sum(gradients.map((gradient, i) => total(multiply(gradient, normals[i]!))));
  const length = graph.node("Max", [sum(normals.map(sumOfSquares)), graph.scalar(1e-30)], []);
  const excess = divide(graph.node("Min", [product, graph.scalar(0)], []), length);
  return gradients.map((gradient, i) => graph.node("Sub", [gradient, multiply(normals[i]!, excess)], gradient.shape));
}

function sum(values: readonly Value[]): Value {
  const first = values[0]!;
  return values.length === 1 ? first : first.graph.node("Sum", values, first.shape);
}
