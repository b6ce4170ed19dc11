import type { Dimension, GradientRule, Value } from "../graph.js";
import { broadcast } from "./arithmetic.js";
import { reshape, transpose } from "./layout.js";
import { reduceTo } from "./reduction.js";

/** Elements of a weight up to which its gradient is faster where the output's gradient is transposed first. */
const small = 2 ** 16;

/**
 * x·Wᵀ + b as PyTorch's Linear stores it: x [rows, in], weight [out, in], bias [out] → [rows, out]. The gradient of x is
 * accumulated inside the matrix product.
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const { graph } = x;
  const [outputs, inputs] = weight.shape as [number, number];
  const given = bias ? [x, weight, bias] : [x, weight];
  const output = graph.node("Gemm", given, [x.shape[0]!, outputs], { transB: 1 });
  const product = (a: Value, b: Value, onto: Value, sum: Value | undefined, transA = 0): Value =>
    graph.node("Gemm", sum ? [a, b, sum] : [a, b], onto.shape, { transA });
  const rules: [Value, GradientRule][] = [
    [x, { into: (gradient, accumulated) => product(gradient, weight, x, accumulated) }],
    [
      weight,
      {
        into: (gradient, accumulated) =>
          outputs * inputs <= small
            ? product(transposed(gradient), x, weight, accumulated)
            : product(gradient, x, weight, accumulated, 1),
      },
    ],
  ];
  if (bias) rules.push([bias, (gradient) => reduceTo(gradient, bias.shape)]);
  return graph.differentiable(output, rules);
}

/** A matrix transposed, by way of three axes: ONNX Runtime would make a Transpose of a matrix part of the product again. */
function transposed(a: Value): Value {
  const [rows, columns] = a.shape as [Dimension, number];
  return reshape(transpose(reshape(a, [1, rows, columns]), [0, 2, 1]), [columns, rows]);
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
