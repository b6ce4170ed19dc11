import type { Value } from "../graph.js";
import { multiply, subtract } from "./arithmetic.js";
import { mean, reduceTo } from "./reduction.js";

/**
 * Root mean square normalisation over the last axis (Zhang & Sennrich, 1910.07467): x / √(mean(x²) + ε) · weight.
 * ONNX Runtime's fused operator gives the forward pass and the inverse root that the gradient needs.
 */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  const { graph } = x;
  const [output, inverse] = graph.append(
    "SimplifiedLayerNormalization",
    [x, weight],
    [
      { type: x.type, shape: x.shape },
      { type: x.type, shape: [...x.shape.slice(0, -1), 1] },
    ],
    { axis: -1, epsilon: { float: epsilon }, stash_type: x.type === "float64" ? 11 : 1 },
  ) as [Value, Value];
  let cached: Value | undefined;
  const normalised = (): Value => {
    cached ??= graph.node("Mul", [x, inverse], x.shape);
    return cached;
  };
  return graph.differentiable(output, [
    [
      x,
      (gradient) => {
        const scaled = multiply(gradient, weight);
        const projection = mean(multiply(gradient, output), [x.rank - 1]);
        return multiply(subtract(scaled, multiply(normalised(), projection)), inverse);
      },
    ],
    [weight, (gradient) => reduceTo(multiply(gradient, normalised()), weight.shape)],
  ]);
}
