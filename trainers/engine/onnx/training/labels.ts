import { random } from "../../../../harness/contract/random.js";
import type { Logits } from "../../contract.js";

/** Draws a class for each row of logits from their softmax, keyed by seed and item. */
export function drawLabels({ rows, classes, values }: Logits, seed: number, item: number): Int32Array {
  const draw = random({ seed, stream: "fisher-labels", item });
  return Int32Array.from({ length: rows }, (_, row) => {
    const weights = exponentials(values.subarray(row * classes, (row + 1) * classes));
    let rest = draw.uniform() * weights.reduce((a, b) => a + b, 0);
    const label = weights.findIndex((weight) => {
      rest -= weight;
      return rest < 0;
    });
    return label < 0 ? classes - 1 : label;
  });
}

/** The likeliest classes of a row, likeliest first, until their probabilities sum to `coverage`. */
export function likeliestLabels(
  { classes, values }: Logits,
  row: number,
  coverage: number,
): { label: number; probability: number }[] {
  const weights = exponentials(values.subarray(row * classes, (row + 1) * classes));
  const total = weights.reduce((a, b) => a + b, 0);
  const ranked = Array.from(weights, (weight, label) => ({ label, probability: weight / total })).sort(
    (a, b) => b.probability - a.probability || a.label - b.label,
  );
  let covered = 0;
  const end = ranked.findIndex(({ probability }) => {
    covered += probability;
    return covered >= coverage;
  });
  return end < 0 ? ranked : ranked.slice(0, end + 1);
}

function exponentials(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Float64Array.from(logits, (logit) => Math.exp(logit - largest));
}
