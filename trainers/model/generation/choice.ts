import { random } from "../../../harness/contract/random.js";
import type { Decoding } from "../../../harness/contract/trainer.js";

/** What a row's next token is chosen by, beside the logits. */
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
  penalise(logits, decoding.repetitionPenalty ?? 1, context.seen);
  const temperature = decoding.temperature ?? 0;
  if (temperature === 0) return likeliest(logits);
  const tokens = nucleus(logits, temperature, decoding.topP ?? 1);
  const { seed = 0 } = decoding;
  const draw = random({ seed, stream: "sampling", item: context.id, step: context.step }).uniform() * tokens.mass;
  let sum = 0;
  for (const { token, probability } of tokens.candidates) {
    sum += probability;
    if (draw < sum) return token;
  }
  return tokens.candidates.at(-1)!.token;
}

/** Divides positive and multiplies negative logits of tokens that occurred (Keskar et al., 1909.05858, section 4.1). */
function penalise(logits: Float32Array, penalty: number, seen: ReadonlySet<number>): void {
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

/** The smallest set of likeliest tokens whose probability reaches `topP` (Holtzman et al., 1904.09751), and its mass. */
function nucleus(logits: Float32Array, temperature: number, topP: number) {
  const highest = logits[likeliest(logits)]!;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const all = Array.from(weights, (weight, token) => ({ token, probability: weight / total }));
  if (topP >= 1) return { candidates: all, mass: 1 };
  all.sort((a, b) => b.probability - a.probability || a.token - b.token);
  let mass = 0;
  let size = 0;
  while (size < all.length && mass < topP) mass += all[size++]!.probability;
  return { candidates: all.slice(0, Math.max(1, size)), mass };
}
