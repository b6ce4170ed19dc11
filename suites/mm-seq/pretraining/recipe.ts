import { learningRateAt, recipe } from "../../trace-seq/pretraining/recipe.js";
import type { TowerShape } from "./vision-files.js";

/** One of LLaVA's two stages. It starts with a new optimizer. */
export interface Stage {
  name: string;
  steps: number;
  learningRate: number;
  /** Steps at the end over which the rate falls. */
  decaySteps: number;
  /** Factors on the rate of components. */
  componentRates: Record<string, number>;
  /** Every so many steps, the batch is text; never where it is null. */
  textEvery: number | null;
}

const tower: TowerShape = { hidden: 64, intermediate: 192, layers: 3, heads: 4, patchSize: 8 };

const stages: Stage[] = [
  {
    name: "alignment",
    steps: 80,
    learningRate: 2e-3,
    decaySteps: 20,
    componentRates: { "model.": 0 },
    textEvery: null,
  },
  { name: "instruction", steps: 1600, learningRate: 1.5e-3, decaySteps: 900, componentRates: {}, textEvery: 4 },
];

/** How the base model of trace-seq gets eyes: everything that determines the weights, apart from the code. */
export const visionRecipe = {
  seed: 1,
  tower,
  /** Different questions on pictures that batches are drawn from, and how many a batch has. */
  questions: 40_000,
  questionsInBatch: 32,
  /** Items of trace-seq's tasks in a batch of them: the other half of the text is a batch of its pretraining. */
  taskItemsInBatch: 32,
  /** How trace-seq's pretraining is mixed in smaller batches than its own, and the first of them that is taken. */
  general: { ...recipe.corpus, questionsInBatch: 48, listsInBatch: 4 },
  generalFrom: 20_000,
  warmUpSteps: 40,
  finalRate: 0.05,
  weightDecay: 0.05,
  clip: 1,
  beta1: 0.9,
  beta2: 0.98,
  stages,
};

/** The learning rate of a step of a stage: linear warm-up, then constant, then a linear fall to the final share. */
export function visionRate(step: number, stage: Stage): number {
  const { warmUpSteps, finalRate } = visionRecipe;
  return learningRateAt(step, { ...stage, warmUpSteps, finalRate });
}
