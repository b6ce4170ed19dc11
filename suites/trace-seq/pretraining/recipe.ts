import type { CorpusOptions } from "./corpus.js";
import type { ModelShape } from "./initial-weights.js";

/** How the base model is made: everything that determines its weights, apart from the code. */
export interface Recipe {
  seed: number;
  steps: number;
  /** At its peak. */
  learningRate: number;
  warmUpSteps: number;
  /** Steps at the end over which the rate falls. */
  decaySteps: number;
  /** Share of the peak at the last step. */
  finalRate: number;
  weightDecay: number;
  clip: number;
  beta1: number;
  beta2: number;
  corpus: CorpusOptions;
  /** Largest vocabulary; questions of each family that the tokenizer is trained on; occurrences that a pair needs to be merged. */
  tokenizer: { vocabularySize: number; questionsPerFamily: number; minimumCount: number };
  shape: Omit<ModelShape, "vocabulary">;
}

/** The recipe of the model that comes with the suite. */
export const recipe: Recipe = {
  seed: 1,
  steps: 6000,
  learningRate: 1.4e-3,
  warmUpSteps: 100,
  decaySteps: 1500,
  finalRate: 0.05,
  weightDecay: 0.05,
  clip: 1,
  beta1: 0.9,
  beta2: 0.98,
  corpus: {
    seed: 1,
    lists: 0.45,
    listsInBatch: 10,
    listLength: 256,
    repetitions: 0.03,
    randomLists: 0.65,
    questionsInBatch: 128,
    questionWeight: 0,
  },
  tokenizer: { vocabularySize: 2048, questionsPerFamily: 400, minimumCount: 2 },
  shape: { hidden: 96, layers: 4, heads: 4, intermediate: 192, contextLength: 512, ropeTheta: 1e6 },
};

/**
 * The learning rate of a step (from 0): linear warm-up, then constant, then linear decay to the final share (Hu et al.,
 * 2404.06395). The length of training affects the decay alone: until then a longer run has the same bits.
 */
export function learningRateAt(
  step: number,
  recipe: Pick<Recipe, "steps" | "learningRate" | "warmUpSteps" | "decaySteps" | "finalRate">,
): number {
  const { steps, learningRate, warmUpSteps, decaySteps, finalRate } = recipe;
  const warmUp = Math.min(1, (step + 1) / warmUpSteps);
  const decay = Math.min(1, finalRate + ((1 - finalRate) * (steps - 1 - step)) / decaySteps);
  return learningRate * warmUp * decay;
}
