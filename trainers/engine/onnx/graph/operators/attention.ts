import type { Value } from "../graph.js";
import { multiply, subtract } from "./arithmetic.js";
import { matmul, swap } from "./linear.js";
import { sum } from "./reduction.js";

/**
 * Attention (Vaswani et al., 1706.03762): softmax(q·kᵀ, where visible)·v, for queries [..., queries, d] that carry their
 * scale, keys and values [..., keys, d], and `visible`, 1 or 0, which broadcasts against [..., queries, keys] and has a 1
 * in each row. What is not visible has weight 0 exactly.
 *
 * With the probabilities P and o = P·v the gradient of the scores is P∘(g·vᵀ − rowsum(g∘o)) (as in FlashAttention,
 * 2205.14135, appendix B.2).
 */
export function attend(queries: Value, keys: Value, values: Value, visible: Value): Value {
  const { graph } = queries;
  const scores = matmul(queries, swap(keys));
  const { shape, rank } = scores;
  const barred = graph.node("Sub", [visible, graph.scalar(1)], visible.shape);
  const barrier = graph.node("Mul", [barred, graph.scalar(1e9)], visible.shape);
  const allowed = graph.node("Add", [scores, barrier], shape);
  const probabilities = graph.node("Softmax", [allowed], shape, { axis: -1 });
  const output = graph.node("MatMul", [probabilities, values], [...shape.slice(0, -1), values.shape.at(-1)!]);

  const memory = new Map<Value, Value>();
  const ofScores = (gradient: Value): Value => {
    const known = memory.get(gradient);
    if (known) return known;
    const mean = sum(multiply(gradient, output), [rank - 1]);
    const found = multiply(probabilities, subtract(matmul(gradient, swap(values)), mean));
    memory.set(gradient, found);
    return found;
  };
  return graph.differentiable(output, [
    [queries, (gradient) => matmul(ofScores(gradient), keys)],
    [keys, (gradient) => matmul(swap(ofScores(gradient)), queries)],
    [values, (gradient) => matmul(swap(probabilities), gradient)],
  ]);
}
