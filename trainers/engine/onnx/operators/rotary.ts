import type { Value } from "../graph.js";
import { add, multiply, negate } from "./arithmetic.js";
import { concatenate, split } from "./layout.js";

/**
 * Rotary position embedding (Su et al., 2104.09864) in the half-split form of the Llama family: x·cos + rotateHalf(x)·sin
 * over the last axis of size d. `cosine` and `sine` broadcast against x and repeat their d/2 frequencies twice.
 */
export function rotate(x: Value, cosine: Value, sine: Value): Value {
  return add(multiply(x, cosine), multiply(rotateHalf(x), sine));
}

function rotateHalf(x: Value): Value {
  const half = (x.shape.at(-1) as number) / 2;
  const [first, second] = split(x, x.rank - 1, [half, half]) as [Value, Value];
  return concatenate([negate(second), first], x.rank - 1);
}
