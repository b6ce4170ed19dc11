import type { Dimension, GradientRule, Value } from "../graph.js";
import { broadcast } from "./arithmetic.js";
import { transpose } from "./layout.js";
import { reduceTo } from "./reduction.js";

/**
 * x·Wᵀ + b as PyTorch's Linear stores it: x [rows, in], weight [out, in], bias [out] → [rows, out]. The gradient of x is
 * accumulated inside the matrix product.
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const { graph } = x;
  const inputs = bias ? [x, weight, bias] : [x, weight];
  const output = graph.node("Gemm", inputs, [x.shape[0]!, weight.shape[0]!], { transB: 1 });
  const product = (a: Value, b: Value, onto: Value, sum: Value | undefined, transA: number): Value =>
    graph.node("Gemm", sum ? [a, b, sum] : [a, b], onto.shape, { transA });
  const rules: [Value, GradientRule][] = [
    [x, { into: (gradient, accumulated) => product(gradient, weight, x, accumulated, 0) }],
    [weight, { into: (gradient, accumulated) => product(gradient, x, weight, accumulated, 1) }],
  ];
  if (bias) rules.push([bias, (gradient) => reduceTo(gradient, bias.shape)]);
  return graph.differentiable(output, rules);
}

/** The matrix product over the last two axes, broadcast over the others. */
export function matmul(a: Value, b: Value): Value {
  const shape: Dimension[] = [
    ...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)),
    a.shape.at(-2)!,
    b.shape.at(-1)!,
  ];
  if (a.shape.at(-1) !== b.shape.at(-2)) throw new RangeError(`[${a.shape}] and [${b.shape}] do not multiply.`);
  return a.graph.differentiable(a.graph.node("MatMul", [a, b], shape), [
    [a, (gradient) => reduceTo(matmul(gradient, swap(b)), a.shape)],
    [b, (gradient) => reduceTo(matmul(swap(a), gradient), b.shape)],
  ]);
}

/** The last two axes exchanged. */
export function swap(a: Value): Value {
  const axes = a.shape.map((_, i) => i);
  return transpose(a, [...axes.slice(0, -2), a.rank - 1, a.rank - 2]);
}
