import type { Value } from "../graph.js";
import { add, multiply, subtract } from "./arithmetic.js";

/** x·σ(x), also called swish (Elfwing et al., 1702.03118). Its derivative is s + y − y·s with s = σ(x). */
export function silu(x: Value): Value {
  const gate = x.graph.node("Sigmoid", [x], x.shape);
  const output = x.graph.node("Mul", [x, gate], x.shape);
  return x.graph.differentiable(output, [
    [x, (gradient) => multiply(gradient, subtract(add(gate, output), multiply(output, gate)))],
  ]);
}

/** |x|. Its derivative is x's sign, 0 at 0. */
export function absolute(x: Value): Value {
  const sign = x.graph.node("Sign", [x], x.shape);
  return x.graph.differentiable(x.graph.node("Abs", [x], x.shape), [[x, (gradient) => multiply(gradient, sign)]]);
}

/** Softmax over the last axis. */
export function softmax(x: Value): Value {
  const { graph } = x;
  const output = graph.node("Softmax", [x], x.shape, { axis: -1 });
  return graph.differentiable(output, [
    [
      x,
      (gradient) => {
        const share = multiply(gradient, output);
        const axes = graph.constant([x.rank - 1], [1], "int64");
        const rowSum = graph.node("ReduceSum", [share, axes], [...x.shape.slice(0, -1), 1], { keepdims: 1 });
        return subtract(share, multiply(output, rowSum));
      },
    ],
  ]);
}
