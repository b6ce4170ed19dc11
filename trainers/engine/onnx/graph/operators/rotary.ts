import type { Value } from "../graph.js";
import { add, multiply, subtract } from "./arithmetic.js";
import { concatenate, reshape, split } from "./layout.js";

/**
 * Rotary position embedding (Su et al., 2104.09864) in the half-split form of the Llama family: the pairs
 * (x[i], x[i + d/2]) of x [rows, heads, d] turn by angles given as their cosines and sines [rows, 1, d/2], which have no
 * gradient. ONNX Runtime's operator has no double.
 */
export function rotate(x: Value, cosine: Value, sine: Value): Value {
  return x.type === "float32" ? fused(x, cosine, sine) : composed(x, cosine, sine);
}

function fused(x: Value, cosine: Value, sine: Value): Value {
  const { graph } = x;
  const [rows, heads, width] = x.shape as [string, number, number];
  const sequence = reshape(x, [1, rows, heads * width]);
  const table = (value: Value): Value => reshape(value, [1, rows, width / 2]);
  const turn = (value: Value, side: Value): Value =>
    graph.node("RotaryEmbedding", [value, table(cosine), table(side)], sequence.shape, { num_heads: heads });
  const back = (gradient: Value): Value => turn(gradient, graph.node("Neg", [sine], sine.shape));
  return reshape(graph.differentiable(turn(sequence, sine), [[sequence, back]]), x.shape);
}

function composed(x: Value, cosine: Value, sine: Value): Value {
  const half = (x.shape[2] as number) / 2;
  const [first, second] = split(x, 2, [half, half]) as [Value, Value];
  const combine = (how: typeof add, a: Value, c: Value, b: Value, s: Value): Value =>
    how(multiply(a, c), multiply(b, s));
  const parts = [combine(subtract, first, cosine, second, sine), combine(add, second, cosine, first, sine)];
  return concatenate(parts, 2);
}
