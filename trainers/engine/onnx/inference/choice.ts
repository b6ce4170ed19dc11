import { random } from "../../../../harness/contract/random.js";
import type { Decoding } from "../../../../harness/contract/trainer.js";

/** What a row's next token is chosen by, besides the logits. */
export interface ChoiceContext {
  /** The request's id: with seed and step it keys the random number. */
  id: string;
  /** 0 for the first generated token. */
  step: number;
  /** Prompt and generated tokens so far, for the repetition penalty. */
  seen: ReadonlySet<number>;
}

/**
 * The next token: the likeliest (the lowest id among equals), or with a temperature above 0 one drawn from the
 * distribution. Penalty, temperature and nucleus apply in transformers' order. `logits` is one row and may be changed.
 */
export function chooseToken(logits: Float32Array, decoding: Decoding, context: ChoiceContext): number {
  penalize(logits, decoding.repetitionPenalty ?? 1, context.seen);
  const temperature = decoding.temperature ?? 0;
  if (temperature === 0) return likeliest(logits);
  const { seed = 0, topP = 1 } = decoding;
  const highest = logits[likeliest(logits)]!;
  const weights = new Float64Array(logits);
  for (let token = 0; token < weights.length; token++)
    weights[token] = Math.exp((weights[token]! - highest) / temperature);
  const mass = keepNucleus(weights, topP);
  let rest = random({ seed, stream: "sampling", item: context.id, step: context.step }).uniform() * mass;
  let chosen = 0;
  for (let token = 0; token < weights.length && rest >= 0; token++) {
    if (weights[token] === 0) continue;
    chosen = token;
    rest -= weights[token]!;
  }
  return chosen;
}

/** Divides positive and multiplies negative logits of tokens that occurred (Keskar et al., 1909.05858, section 4.1). */
function penalize(logits: Float32Array, penalty: number, seen: ReadonlySet<number>): void {
  if (penalty === 1) return;
  for (const token of seen) {
    const logit = logits[token]!;
    logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) if (logits[token]! > logits[best]!) best = token;
  return best;
}

/**
 * Sets to 0 all weights but the smallest set of the largest that makes up `topP` of their sum (Holtzman et al.,
 * 1904.09751; of equal ones the lower ids stay). Returns what is left of the sum.
 */
function keepNucleus(weights: Float64Array, topP: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (topP >= 1) return total;
  const ascending = weights.slice().sort();
  let mass = 0;
  let first = ascending.length;
  do mass += ascending[--first]!;
  while (first > 0 && mass < topP * total);
  const smallest = ascending[first]!;
  let equals = ascending.subarray(first).lastIndexOf(smallest) + 1;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token]!;
    if (weight < smallest || (weight === smallest && equals-- <= 0)) weights[token] = 0;
  }
  return mass;
}
