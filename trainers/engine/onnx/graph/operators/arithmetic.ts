import type { Dimension, Value } from "../graph.js";
import { reduceTo } from "./reduction.js";

/** The shape of an elementwise operation on two shapes (NumPy's rule). Throws a RangeError where they do not fit. */
export function broadcast(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw new RangeError(`Shapes [${a}] and [${b}] do not broadcast.`);
    return left === 1 ? right : left;
  });
}

function elementwise(operator: string, a: Value, b: Value): Value {
  return a.graph.node(operator, [a, b], broadcast(a.shape, b.shape));
}

export function add(a: Value, b: Value): Value {
  return a.graph.differentiable(elementwise("Add", a, b), [
    [a, (gradient) => reduceTo(gradient, a.shape)],
    [b, (gradient) => reduceTo(gradient, b.shape)],
  ]);
}

export function subtract(a: Value, b: Value): Value {
  return a.graph.differentiable(elementwise("Sub", a, b), [
    [a, (gradient) => reduceTo(gradient, a.shape)],
    [b, (gradient) => reduceTo(negate(gradient), b.shape)],
  ]);
}

export function multiply(a: Value, b: Value): Value {
  return a.graph.differentiable(elementwise("Mul", a, b), [
    [a, (gradient) => reduceTo(elementwise("Mul", gradient, b), a.shape)],
    [b, (gradient) => reduceTo(elementwise("Mul", gradient, a), b.shape)],
  ]);
}

export function divide(a: Value, b: Value): Value {
  const quotient = elementwise("Div", a, b);
  return a.graph.differentiable(quotient, [
    [a, (gradient) => reduceTo(elementwise("Div", gradient, b), a.shape)],
    [b, (gradient) => reduceTo(negate(elementwise("Div", elementwise("Mul", gradient, quotient), b)), b.shape)],
  ]);
}

export function negate(a: Value): Value {
  return a.graph.differentiable(a.graph.node("Neg", [a], a.shape), [[a, negate]]);
}

/** a × factor. */
export function scale(a: Value, factor: number): Value {
  return multiply(a, a.graph.scalar(factor, a.type));
}

/** √x of each element. Its derivative is 1 / (2·√x). */
export function squareRoot(x: Value): Value {
  const output = x.graph.node("Sqrt", [x], x.shape);
  return x.graph.differentiable(output, [[x, (gradient) => divide(scale(gradient, 0.5), output)]]);
}
