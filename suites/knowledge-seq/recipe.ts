import { random } from "../../harness/contract/random.js";
import { Corpus, type Encoding, questionSequence, type WeightedSequence } from "../trace-seq/pretraining/corpus.js";
import { learningRateAt, recipe } from "../trace-seq/pretraining/recipe.js";
import { readingItem } from "./reading.js";

/** A part of the training of the suite's base model: it starts with a new optimizer. */
export interface Phase {
  steps: number;
  /** Share of the rate at the end of the phase; 1 keeps it. */
  finalRate: number;
}

/** How the base model of trace-seq becomes that of this suite. */
export const readerRecipe = {
  seed: 1,
  phases: [
    { steps: 1500, finalRate: 1 },
    { steps: 160, finalRate: 0.05 },
  ] satisfies Phase[],
  learningRate: 1.2e-3,
  warmUpSteps: 50,
  weightDecay: 0.05,
  clip: 1,
  beta1: 0.9,
  beta2: 0.98,
  /** Reading items in a batch. */
  items: 48,
  /** Every so many steps, the batch is one of trace-seq's pretraining, from this one on. */
  generalEvery: 6,
  generalFrom: 10_000,
};

/** The learning rate of a step of a phase: linear warm-up, then a linear fall to the final share. */
export function readerRate(step: number, phase: Phase): number {
  return learningRateAt(step, { ...readerRecipe, ...phase, decaySteps: phase.steps });
}

/** The batches by their numbers, counted through all phases. */
export function readerBatches(encoding: Encoding): (step: number, inPhase: number) => WeightedSequence[] {
  const { seed, items, generalEvery, generalFrom } = readerRecipe;
  const corpus = new Corpus(recipe.corpus, encoding, new Set());
  return (step, inPhase) => {
    if (inPhase % generalEvery === generalEvery - 1) return corpus.batch(generalFrom + step);
    return Array.from({ length: items }, (_, item) => {
      const { prompt, answer } = readingItem(random({ seed, stream: "reading", step, item }));
      return questionSequence(encoding, prompt, answer);
    });
  };
}
