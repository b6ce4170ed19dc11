import type { Dimension, ElementType, Graph, Value } from "../graph.js";

/** A shape as the int64 vector that operators take at run time; symbolic sizes are read from the graph's inputs. */
export function dimensions(graph: Graph, shape: readonly Dimension[]): Value {
  if (shape.every((size) => typeof size === "number")) return graph.constant(shape, [shape.length], "int64");
  const parts = shape.map((size) =>
    typeof size === "number" ? graph.constant([size], [1], "int64") : graph.size(size),
  );
  return parts.length === 1 ? parts[0]! : graph.node("Concat", parts, [parts.length], { axis: 0 });
}

/** The same elements in another shape. One symbolic size may be new to the graph: it follows from the others. */
export function reshape(value: Value, shape: readonly Dimension[]): Value {
  const { graph } = value;
  const a = graph.unshaped.get(value) ?? value;
  if (a.shape.length === shape.length && a.shape.every((size, i) => size === shape[i])) return a;
  const symbols = shape.filter((size) => typeof size === "string");
  const unknown = symbols.find((size) => !graph.inputs.some((input) => input.shape.includes(size))) ?? symbols[0];
  const target = shape.map((size) => (size === unknown ? -1 : size));
  const reshaped = graph.node("Reshape", [a, dimensions(graph, target)], shape);
  graph.differentiable(reshaped, [[a, (gradient) => reshape(gradient, a.shape)]]);
  graph.unshaped.set(reshaped, a);
  return reshaped;
}

export function transpose(a: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => a.shape[axis]!);
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return a.graph.differentiable(a.graph.node("Transpose", [a], shape, { perm: permutation }), [
    [a, (gradient) => transpose(gradient, inverse)],
  ]);
}

/** The parts of `a` along an axis, with the sizes given. */
export function split(a: Value, axis: number, sizes: readonly Dimension[]): Value[] {
  const { graph } = a;
  const shapes = sizes.map((size) => a.shape.map((own, i) => (i === axis ? size : own)));
  const outputs = graph.append(
    "Split",
    [a, dimensions(graph, sizes)],
    shapes.map((shape) => ({ type: a.type, shape })),
    { axis },
  );
  graph.operations.push({
    outputs,
    pullbacks: [
      {
        input: a,
        accumulate: (gradients, accumulated) => {
          const parts = gradients.map((gradient, i) => gradient ?? zeros(graph, shapes[i]!, a.type));
          return graph.sum(accumulated, graph.node("Concat", parts, a.shape, { axis }));
        },
      },
    ],
  });
  return outputs;
}

/** `totalSize` names the size of the result along the axis where a part's own is symbolic. */
export function concatenate(parts: readonly Value[], axis: number, totalSize?: Dimension): Value {
  const first = parts[0]!;
  const sizes = parts.map((part) => part.shape[axis]!);
  const size = totalSize ?? sizes.reduce<number>((sum, own) => sum + (own as number), 0);
  const shape = first.shape.map((own, i) => (i === axis ? size : own));
  const pieces = new Map<Value, Value[]>();
  const piecesOf = (gradient: Value): Value[] => {
    if (!pieces.has(gradient)) pieces.set(gradient, split(gradient, axis, sizes));
    return pieces.get(gradient)!;
  };
  return first.graph.differentiable(
    first.graph.node("Concat", parts, shape, { axis }),
    parts.map((part, i) => [part, (gradient) => piecesOf(gradient)[i]!]),
  );
}

/** Zeros of a shape, made when the graph runs. */
export function zeros(graph: Graph, shape: readonly Dimension[], type: ElementType = graph.precision): Value {
  return graph.node("Expand", [graph.scalar(0, type), dimensions(graph, shape)], shape);
}

/** Zeros of a value's shape, where a size of it may be that of no input. */
export function zerosLike(a: Value): Value {
  const { graph, shape } = a;
  const isKnown = (size: Dimension) => typeof size === "number" || graph.inputs.some((own) => own.shape.includes(size));
  if (shape.every(isKnown)) return zeros(graph, shape, a.type);
  const sizes = graph.node("Shape", [a], [shape.length], {}, "int64");
  return graph.node("Expand", [graph.scalar(0, a.type), sizes], shape);
}

/** Another element type; not differentiated. */
export function cast(a: Value, type: ElementType): Value {
  const codes = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };
  return a.type === type ? a : a.graph.node("Cast", [a], a.shape, { to: codes[type] }, type);
}
