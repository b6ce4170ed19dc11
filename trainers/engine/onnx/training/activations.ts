import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Objective } from "../../contract.js";
import { isTextTerm, type Part, partsOf } from "../../parts.js";

/** Parameters above which a model is large: memory comes before speed. */
export const largeModel = 2 ** 22;

/** Bytes that the activations of a large model's training step may take. */
export const activationBudget = 400e6;

type Sizes = Pick<DecoderConfig, "hidden" | "intermediate" | "layers" | "vocabulary">;

/**
 * Bytes that forward and backward pass keep of a token, and of one that is predicted: about 10 vectors of the hidden size
 * and 3 of the feed-forward network in each layer (SmolLM2-135M: 8 and 3), and 3 of the vocabulary.
 */
export function activationBytes({ hidden, intermediate, layers, vocabulary }: Sizes): { token: number; row: number } {
  return { token: 4 * layers * (10 * hidden + 3 * intermediate), row: 4 * 3 * vocabulary };
}

/** The objective with as many examples at a time as the budget has room for, at least one. */
export function withinBudget(objective: Objective, sizes: Sizes, budget = activationBudget): Objective {
  const { token, row } = activationBytes(sizes);
  const batches = new Set(objective.terms.flatMap((term) => (isTextTerm(term) ? [term.batch] : [])));
  if (batches.size === 0) return objective;
  let largest = 0;
  for (const batch of batches) {
    const bytes = batch.map(
      ({ tokens, weights }) => token * tokens.length + row * weights.filter((own) => own > 0).length,
    );
    largest += Math.max(0, ...bytes);
  }
  const most = Math.max(1, Math.floor(budget / largest));
  return { ...objective, microBatch: Math.min(most, objective.microBatch ?? most) };
}

/** The parts of an objective that a model computes one after another: those that it asks for, or smaller ones where memory comes first. */
export function partsAtATime(
  { config, largeBase }: { readonly config: Sizes; readonly largeBase: boolean },
  objective: Objective,
): Part[] {
  return partsOf(largeBase ? withinBudget(objective, config) : objective);
}
