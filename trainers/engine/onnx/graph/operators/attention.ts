import type { Value } from "../graph.js";
import { multiply, subtract } from "./arithmetic.js";
import { matmul, swap } from "./linear.js";
import { sum } from "./reduction.js";

/** The lowest exponent: e⁻⁸⁰ is far below the rounding error of 1, and above the denormal numbers that slow processors down. */
const lowest = -80;

/**
 * Attention (Vaswani et al., 1706.03762): softmax(q·kᵀ, where visible)·v, for queries [..., queries, d] that carry their
 * scale, keys and values [..., keys, d], and `visible`, 1 or 0, which broadcasts against [..., queries, keys] and has a 1
 * in each row. What is not visible has weight 0 exactly.
 *
 * The exponentials E are normalized after the product with v, by their row sums s. With o = E·v / s and g' = g / s the
 * gradient of the scores is E∘(g'·vᵀ − rowsum(g'∘o)) (as in FlashAttention, 2205.14135, appendix B.2).
 */
export function attend(queries: Value, keys: Value, values: Value, visible: Value): Value {
  const { graph } = queries;
  const scores = matmul(queries, swap(keys));
  const { shape, rank } = scores;
  const barred = graph.node("Sub", [visible, graph.scalar(1)], visible.shape);
  const barrier = graph.node("Mul", [barred, graph.scalar(1e9)], visible.shape);
  const allowed = graph.node("Add", [scores, barrier], shape);
  const axes = graph.constant([rank - 1], [1], "int64");
  const largest = graph.node("ReduceMax", [allowed, axes], [...shape.slice(0, -1), 1], { keepdims: 1 });
  const exponents = graph.node("Max", [graph.node("Sub", [allowed, largest], shape), graph.scalar(lowest)], shape);
  const exponentials = graph.node("Mul", [graph.node("Exp", [exponents], shape), visible], shape);
  const sums = sum(exponentials, [rank - 1]);
  const mixed = matmul(exponentials, values);
  const output = graph.node("Div", [mixed, sums], mixed.shape);

  const memory = new Map<Value, { scaled: Value; ofScores: Value }>();
  const backward = (gradient: Value) => {
    const known = memory.get(gradient);
    if (known) return known;
    const scaled = graph.node("Div", [gradient, sums], gradient.shape);
    const mean = sum(multiply(scaled, output), [rank - 1]);
    const ofScores = multiply(exponentials, subtract(matmul(scaled, swap(values)), mean));
    memory.set(gradient, { scaled, ofScores });
    return { scaled, ofScores };
  };
  return graph.differentiable(output, [
    [queries, (gradient) => matmul(backward(gradient).ofScores, keys)],
    [keys, (gradient) => matmul(swap(backward(gradient).ofScores), queries)],
    [values, (gradient) => matmul(swap(exponentials), backward(gradient).scaled)],
  ]);
}
