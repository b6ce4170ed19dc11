import type { Dimension, Value } from "../graph.js";
import { dimensions, reshape } from "./layout.js";

function reduce(operator: string, a: Value, axes: readonly number[], keep: boolean): Value {
  const shape = keep
    ? a.shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : a.shape.filter((_, i) => !axes.includes(i));
  return a.graph.node(operator, [a, a.graph.constant(axes, [axes.length], "int64")], shape, { keepdims: keep ? 1 : 0 });
}

/** The sum over the axes, which stay with size 1. */
export function sum(a: Value, axes: readonly number[]): Value {
  return a.graph.differentiable(reduce("ReduceSum", a, axes, true), [[a, (gradient) => expand(gradient, a.shape)]]);
}

/** The mean over the axes, which stay with size 1. Not differentiated. */
export function mean(a: Value, axes: readonly number[]): Value {
  return reduce("ReduceMean", a, axes, true);
}

/** The sum of all elements, a scalar. */
export function total(a: Value): Value {
  const axes = a.shape.map((_, i) => i);
  if (axes.length === 0) return a;
  return a.graph.differentiable(reduce("ReduceSum", a, axes, false), [[a, (gradient) => expand(gradient, a.shape)]]);
}

/** The sum of the squares of all elements, a scalar. Not differentiated. */
export function sumOfSquares(a: Value): Value {
  return reduce(
    "ReduceSumSquare",
    a,
    a.shape.map((_, i) => i),
    false,
  );
}

/** Sums a gradient over the axes along which a value of `shape` was broadcast. */
export function reduceTo(gradient: Value, shape: readonly Dimension[]): Value {
  const extra = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((size, i) => (i < extra || (shape[i - extra] === 1 && size !== 1) ? [i] : []));
  const reduced = axes.length === 0 ? gradient : reduce("ReduceSum", gradient, axes, true);
  return extra === 0 ? reduced : reshape(reduced, shape);
}

function expand(gradient: Value, shape: readonly Dimension[]): Value {
  return gradient.graph.node("Expand", [gradient, dimensions(gradient.graph, shape)], shape);
}
