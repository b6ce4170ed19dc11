import type { FisherKind, Term, TrainingSequence, Vector } from "../../contract.js";
import { checkFinite } from "./finite.js";
import { drawLabels, likeliestLabels } from "./labels.js";
import type { TrainableDecoder } from "./trainable-decoder.js";

const single = (
  kind: "language-modeling" | "logit-norm",
  example: TrainingSequence,
  weight = 1,
): { terms: Term[] } => ({
  terms: [{ kind, batch: [example], weight }],
});

/**
 * The diagonal of the Fisher information, a mean over examples of squared gradients of each example's mean nll per token.
 * By `exact` it is the expectation over the model's own distribution of each token given the tokens before it:
 * Σ_t (w_t/Σw)² Σ_y p(y)·(∂ log p(y)/∂θ)², since the cross terms of two tokens vanish in expectation; of each token the
 * likeliest labels are taken until their probabilities sum to `coverage`.
 */
export async function fisher(
  model: TrainableDecoder,
  examples: readonly TrainingSequence[],
  kind: FisherKind,
  seed: number,
  coverage: number,
): Promise<Vector> {
  const sum = model.vectors.take(model.trainable.length).fill(0);
  for (const [item, example] of examples.entries()) {
    if (kind === "exact") await addExpectation(model, example, coverage, sum);
    else {
      const labels = kind === "sampled" ? drawLabels(await model.logits([example]), seed, item) : undefined;
      await model.accumulate(single("language-modeling", example), "square", sum, labels);
    }
  }
  return mean(model, sum, examples.length);
}

/** The mean over examples of the magnitude of the gradient of mean ‖logits‖² (MAS, 1711.09601, eq. 4). */
export async function sensitivity(model: TrainableDecoder, examples: readonly TrainingSequence[]): Promise<Vector> {
  const sum = model.vectors.take(model.trainable.length).fill(0);
  for (const example of examples) await model.accumulate(single("logit-norm", example), "magnitude", sum);
  return mean(model, sum, examples.length);
}

/** A label enters with the objective √p·w/Σw · nll, whose squared gradient is p·(w/Σw)²·(∂nll/∂θ)². */
async function addExpectation(
  model: TrainableDecoder,
  example: TrainingSequence,
  coverage: number,
  sum: Float32Array,
): Promise<void> {
  const { tokens, weights, images } = example;
  const positions = weights.flatMap((weight, index) => (index > 0 && weight > 0 ? [index] : []));
  const total = positions.reduce((all, index) => all + weights[index]!, 0);
  const logits = await model.logits([example]);
  for (const [row, index] of positions.entries()) {
    for (const { label, probability } of likeliestLabels(logits, row, coverage)) {
      const own = { tokens: [...tokens.slice(0, index), label], weights: [...Array(index).fill(0), 1], images };
      const weight = (Math.sqrt(probability) * weights[index]!) / total;
      await model.accumulate(single("language-modeling", own, weight), "square", sum);
    }
  }
}

function mean(model: TrainableDecoder, sum: Float32Array, count: number): Vector {
  for (let i = 0; i < sum.length; i++) sum[i]! /= Math.max(count, 1);
  checkFinite(0, sum);
  return model.vectors.hold(sum);
}
