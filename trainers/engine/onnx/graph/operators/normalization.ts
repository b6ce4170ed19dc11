import type { Value } from "../graph.js";
import { multiply, subtract } from "./arithmetic.js";
import { mean, reduceTo } from "./reduction.js";

/**
 * Root mean square normalization over the last axis (Zhang & Sennrich, 1910.07467): x / √(mean(x²) + ε) · weight.
 * ONNX Runtime's fused operator gives the forward pass and the inverse root that the gradient needs; it has no double.
 */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  const { graph } = x;
  const [output, inverse] = x.type === "float32" ? fused(x, weight, epsilon) : composed(x, weight, epsilon);
  let cached: Value | undefined;
  const normalized = (): Value => {
    cached ??= graph.node("Mul", [x, inverse], x.shape);
    return cached;
  };
  return graph.differentiable(output, [
    [
      x,
      (gradient) => {
        const scaled = multiply(gradient, weight);
        const projection = mean(multiply(gradient, output), [x.rank - 1]);
        return multiply(subtract(scaled, multiply(normalized(), projection)), inverse);
      },
    ],
    [weight, (gradient) => reduceTo(multiply(gradient, normalized()), weight.shape)],
  ]);
}

type WithInverseRoot = readonly [output: Value, inverse: Value];

function fused(x: Value, weight: Value, epsilon: number): WithInverseRoot {
  const outputs = [x.shape, [...x.shape.slice(0, -1), 1]].map((shape) => ({ type: x.type, shape }));
  const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
  const [output, inverse] = x.graph.append("SimplifiedLayerNormalization", [x, weight], outputs, attributes);
  return [output!, inverse!];
}

function composed(x: Value, weight: Value, epsilon: number): WithInverseRoot {
  const { graph } = x;
  const meanSquare = mean(graph.node("Mul", [x, x], x.shape), [x.rank - 1]);
  const root = graph.node(
    "Sqrt",
    [graph.node("Add", [meanSquare, graph.scalar(epsilon)], meanSquare.shape)],
    meanSquare.shape,
  );
  const inverse = graph.node("Reciprocal", [root], root.shape);
  return [graph.node("Mul", [graph.node("Mul", [x, inverse], x.shape), weight], x.shape), inverse];
}

/**
 * Layer normalization over the last axis (Ba et al., 1607.06450): (x − mean(x)) / √(var(x) + ε) · weight + bias. With n the
 * normalized values and g' = g·weight the gradient of x is (g' − mean(g') − n·mean(g'∘n)) / √(var(x) + ε).
 */
export function layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
  const { graph } = x;
  const last = [x.rank - 1];
  const node = (operator: string, ...inputs: [Value, ...Value[]]) => graph.node(operator, inputs, inputs[0].shape);
  const centered = graph.node("Sub", [x, mean(x, last)], x.shape);
  const variance = mean(node("Mul", centered, centered), last);
  const inverse = node("Reciprocal", node("Sqrt", node("Add", variance, graph.scalar(epsilon))));
  const normalized = node("Mul", centered, inverse);
  return graph.differentiable(node("Add", node("Mul", normalized, weight), bias), [
    [
      x,
      (gradient) => {
        const scaled = multiply(gradient, weight);
        const along = multiply(normalized, mean(multiply(scaled, normalized), last));
        return multiply(subtract(subtract(scaled, mean(scaled, last)), along), inverse);
      },
    ],
    [weight, (gradient) => reduceTo(multiply(gradient, normalized), weight.shape)],
    [bias, (gradient) => reduceTo(gradient, bias.shape)],
  ]);
}
