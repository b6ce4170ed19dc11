import type { Value } from "../graph.js";
import { add, multiply, scale, subtract } from "./arithmetic.js";

/** x·σ(x), also called swish (Elfwing et al., 1702.03118). Its derivative is s + y − y·s with s = σ(x). */
export function silu(x: Value): Value {
  const gate = x.graph.node("Sigmoid", [x], x.shape);
  const output = x.graph.node("Mul", [x, gate], x.shape);
  return x.graph.differentiable(output, [
    [x, (gradient) => multiply(gradient, subtract(add(gate, output), multiply(output, gate)))],
  ]);
}

/** x·σ(1.702·x), CLIP's approximation of GELU (Hendrycks & Gimpel, 1606.08415, section 2). */
export function quickGelu(x: Value): Value {
  return scale(silu(scale(x, 1.702)), 1 / 1.702);
}

/** x·Φ(x), with the distribution function of the normal distribution (1606.08415). Its derivative is Φ(x) + x·φ(x). */
export function gelu(x: Value): Value {
  const { graph } = x;
  const error = graph.node("Erf", [scale(x, Math.SQRT1_2)], x.shape);
  const share = scale(add(error, graph.scalar(1)), 0.5);
  return graph.differentiable(graph.node("Mul", [x, share], x.shape), [
    [
      x,
      (gradient) => {
        const density = scale(graph.node("Exp", [scale(multiply(x, x), -0.5)], x.shape), 1 / Math.sqrt(2 * Math.PI));
        return multiply(gradient, add(share, multiply(x, density)));
      },
    ],
  ]);
}

/** x·σ(2·√(2/π)·(x + 0.044715·x³)): GELU's approximation by tanh (1606.08415), as tanh(y) = 2·σ(2·y) − 1. */
export function tanhGelu(x: Value): Value {
  const { graph } = x;
  const cubed = multiply(x, add(graph.scalar(1), scale(multiply(x, x), 0.044715)));
  return multiply(x, sigmoid(scale(cubed, 2 * Math.sqrt(2 / Math.PI))));
}

/** σ(x). Its derivative is s·(1 − s). */
export function sigmoid(x: Value): Value {
  const { graph } = x;
  const output = graph.node("Sigmoid", [x], x.shape);
  return graph.differentiable(output, [
    [x, (gradient) => multiply(gradient, multiply(output, subtract(graph.scalar(1), output)))],
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
