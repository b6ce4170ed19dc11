import { random } from "../../../harness/contract/random.js";

/** Draws a class for each of the first `rows` rows of logits from their softmax, keyed by seed and item. */
export function sampledLabels(
  logits: Float32Array,
  classes: number,
  rows: number,
  seed: number,
  item: number,
): Int32Array {
  const draw = random({ seed, stream: "fisher-labels", item });
  return Int32Array.from({ length: rows }, (_, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const largest = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const weights = Float64Array.from(own, (logit) => Math.exp(logit - largest));
    let rest = draw.uniform() * weights.reduce((a, b) => a + b, 0);
    const label = weights.findIndex((weight) => {
      rest -= weight;
      return rest < 0;
    });
    return label < 0 ? classes - 1 : label;
  });
}
