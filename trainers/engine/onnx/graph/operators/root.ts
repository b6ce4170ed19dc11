import type { Value } from "../graph.js";
import { divide, scale } from "./arithmetic.js";

/** √x of each element. Its derivative is 1 / (2·√x). */
export function squareRoot(x: Value): Value {
  const output = x.graph.node("Sqrt", [x], x.shape);
  return x.graph.differentiable(output, [[x, (gradient) => divide(scale(gradient, 0.5), output)]]);
}
