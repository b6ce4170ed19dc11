import { Graph, type Value } from "../graph/graph.js";
import { cast, divide, multiply, reshape, sumOfSquares, total } from "../graph/operators/index.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import { type Segment, segmentInputs, segmentOutputs, segmentsOf } from "../parameters/segments.js";
import { gradientRates, moved, numbers, numbersOf, pieceNumbers, type UpdateForm } from "./adamw.js";

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
  const { moving, constrained, masks, factors } = constrain(graph, form, segments, gradients);
  if (form.reportGradient) segmentOutputs(graph, "gradient", moving);
  const norm = normOf(constrained);
  graph.output("norm", norm);
  const magnitudes = reported.map((value) => graph.node("Abs", [reshape(value, [1])], [1]));
  const largest = graph.constant([graph.precision === "float32" ? 3.4028234663852886e38 : Number.MAX_VALUE]);
  const finite = graph.node("LessOrEqual", [sum([norm, ...magnitudes]), largest], [1], {}, "bool");
  const given = numbersOf(graph.input("update", [numbers.length]), numbers);
  const idle: Partial<Record<string, number>> = { beta1: 1, beta2: 1, epsilon: 1 };
  const choose = (value: Value, otherwise: number): Value =>
    graph.node("Where", [finite, value, graph.constant([otherwise])], value.shape, {}, value.type);
  const chosen = numbers.map((name) => [name, choose(given[name], idle[name] ?? 0)]);
  const number = Object.fromEntries(chosen) as Record<(typeof numbers)[number], Value>;
  const rates = { ...number, ...gradientRates(number, norm, (factor) => choose(factor, 0)) };

  const inputs = (name: string, wanted = true): Value[] => (wanted ? segmentInputs(graph, name, segments) : []);
  const first = inputs("first");
  const second = inputs("second");
  const anchors = inputs("proximal.anchor", form.proximal);
  const importances = inputs("proximal.importance", form.proximal);
  const states = segments.map(({ matrices }, i) =>
    moved(rates, matrices, {
      parameters: parameters[i]!,
      gradient: choose(constrained[i]!, 0),
      first: first[i]!,
      second: second[i]!,
      rates: factors?.[i],
      mask: masks?.[i],
      anchor: anchors[i],
      importance: importances[i],
    }),
  );
  for (const name of ["parameters", "first", "second"] as const) {
    segmentOutputs(
      graph,
      `next.${name}`,
      states.map((state) => state[name]),
    );
  }
}

/**
 * Appends the norm of a gradient, constrained or not, and the numbers of its update: outputs `norm` and `numbers`, which
 * is what `appendPiece` reads.
 */
export function appendNorm(
  graph: Graph,
  form: UpdateForm,
  segments: readonly Segment[],
  gradients: readonly Value[],
): void {
  const { constrained, share } = constrain(graph, form, segments, gradients);
  const norm = normOf(constrained);
  graph.output("norm", norm);
  const given = numbersOf(graph.input("update", [numbers.length]), numbers);
  const rates = gradientRates(given, norm, (factor) => factor);
  const all = { ...given, ...rates, excess: share ? reshape(share, [1]) : graph.constant([0]) };
  const whole = pieceNumbers.map((name) => all[name]);
  graph.output("numbers", graph.node("Concat", whole, [whole.length], { axis: 0 }));
}

/**
 * Appends the update of a run of parameters, all of matrices or none: inputs `numbers`, `parameters`, `gradient`,
 * `first`, `second` and, by form, `rates`, `mask`, `normal`, `proximal.anchor`, `proximal.importance`, all flat. Outputs
 * as those of `appendUpdate`, bit for bit, and like them they may be bound to the inputs' buffers.
 */
export function appendPiece(graph: Graph, form: UpdateForm, matrices: boolean): void {
  const input = (name: string, wanted = true): Value | undefined =>
    wanted ? graph.input(name, ["elements"]) : undefined;
  const rates = numbersOf(graph.input("numbers", [pieceNumbers.length]), pieceNumbers);
  const parameters = input("parameters")!;
  const given = input("gradient")!;
  const normal = input("normal", form.constraint === "half-space");
  const mask = input("mask", form.constraint === "mask");
  const factors = input("rates", form.componentRates);
  const moving = ofMoving(given, factors);
  const masked = mask ? multiply(moving, mask) : moving;
  const next = moved(rates, matrices, {
    parameters,
    gradient: normal ? outside(masked, ofMoving(normal, factors), rates.excess) : masked,
    first: input("first")!,
    second: input("second")!,
    rates: factors,
    mask,
    anchor: input("proximal.anchor", form.proximal),
    importance: input("proximal.importance", form.proximal),
  });
  for (const [name, value] of Object.entries(next)) graph.output(`next.${name}`, value);
}

/** The graph of an update with a gradient that is given: inputs `parameters.*`, `gradient.*` and those of `appendUpdate`. */
export function updateGraph(form: UpdateForm, trainable: ParameterStore): Graph {
  const graph = new Graph();
  const segments = segmentsOf(trainable);
  const parameters = segmentInputs(graph, "parameters", segments);
  appendUpdate(graph, form, segments, parameters, segmentInputs(graph, "gradient", segments), []);
  return graph;
}

interface Constrained {
  /** The gradients, 0 where the component's rate is 0. */
  readonly moving: readonly Value[];
  readonly constrained: readonly Value[];
  readonly masks?: readonly Value[];
  /** On the learning rate, by component. */
  readonly factors?: readonly Value[];
  /** Of the normals, what leaves the half-space. */
  readonly share?: Value;
}

/** The gradients of what moves within the constraint. A half-space in closed form (1812.00420, eq. 11): g − min(⟨g, n⟩, 0) / ⟨n, n⟩ · n. */
function constrain(
  graph: Graph,
  { constraint, componentRates }: UpdateForm,
  segments: readonly Segment[],
  gradients: readonly Value[],
): Constrained {
  const factors = componentRates ? segmentInputs(graph, "rates", segments) : undefined;
  const moving = gradients.map((own, i) => ofMoving(own, factors?.[i]));
  if (constraint === null) return { moving, constrained: moving, factors };
  if (constraint === "mask") {
    const masks = segmentInputs(graph, "mask", segments);
    return { moving, constrained: moving.map((own, i) => multiply(own, masks[i]!)), masks, factors };
  }
  if (constraint !== "half-space") throw new RangeError(`${constraint} is no part of an update.`);
  const normals = segmentInputs(graph, "normal", segments).map((own, i) => ofMoving(own, factors?.[i]));
  const product = sum(moving.map((gradient, i) => total(multiply(gradient, normals[i]!))));
  const length = graph.node("Max", [sum(normals.map(sumOfSquares)), graph.scalar(1e-30)], []);
  const share = divide(graph.node("Min", [product, graph.scalar(0)], []), length);
  return { moving, constrained: moving.map((gradient, i) => outside(gradient, normals[i]!, share)), factors, share };
}

function outside(gradient: Value, normal: Value, share: Value): Value {
  return gradient.graph.node("Sub", [gradient, multiply(normal, share)], gradient.shape);
}

/** A gradient, or a normal, of parameters whose rate is not 0. */
function ofMoving(gradient: Value, factors: Value | undefined): Value {
  if (!factors) return gradient;
  const { graph, shape, type } = gradient;
  return graph.node("Where", [cast(factors, "bool"), gradient, graph.constant([0])], shape, {}, type);
}

function normOf(gradients: readonly Value[]): Value {
  const { graph } = gradients[0]!;
  return graph.node("Sqrt", [reshape(sum(gradients.map(sumOfSquares)), [1])], [1]);
}

function sum(values: readonly Value[]): Value {
  const first = values[0]!;
  return values.length === 1 ? first : first.graph.node("Sum", values, first.shape);
}
