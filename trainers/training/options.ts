import type { LearningRateSchedule } from "./schedule.js";

/** The options of the loop, which every method that trains shares. */
export interface TrainingOptions {
  learningRate: number;
  schedule: LearningRateSchedule["shape"];
  warmupSteps: number;
  decayFactor: number;
  finalShare: number;
  batchSize: number;
  microBatch: number | null;
  steps: number | null;
  epochs: number;
  budget: "total-tokens" | "new-tokens";
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  clip: number | null;
  componentRates: Record<string, number>;
  keepOptimizer: boolean;
  earlyStopping: EarlyStoppingOptions | null;
  monitor: boolean;
  maxTokens: number;
}

/** When to end a task because earlier ones are being lost. */
export interface EarlyStoppingOptions {
  every: number;
  patience: number;
  items: number;
}

const share = { type: "number", minimum: 0, maximum: 1 };
const count = { type: "integer", minimum: 1 };

/** JSON schema of the options that models are prompted with; also for learners that do not train. */
export const promptOptions = {
  maxTokens: {
    type: "integer",
    minimum: 16,
    default: 1024,
    description:
      "Longest sequence in tokens, answer included; the model's context length bounds it too. Longer prompts lose the start of their body, never the instruction or the cue.",
  },
};

/**
 * JSON schema of `TrainingOptions`, property by property. The defaults were chosen on validation data of the embedded
 * suite, never on its tests (see `../methods/README.md`).
 */
export const trainingOptions = {
  learningRate: { type: "number", exclusiveMinimum: 0, default: 7e-4, description: "Rate after warm-up, first task." },
  schedule: {
    enum: ["linear", "cosine", "constant"],
    default: "linear",
    description: "How the rate falls within a task.",
  },
  warmupSteps: { type: "integer", minimum: 0, default: 10, description: "Steps over which the rate rises, each task." },
  decayFactor: {
    type: "number",
    exclusiveMinimum: 0,
    maximum: 1,
    default: 1,
    description: "Each task's rate is that of the task before times this.",
  },
  finalShare: { ...share, default: 0.05, description: "Share of the rate that is left at the end of a task." },
  batchSize: { ...count, default: 16, description: "Examples per step." },
  microBatch: {
    type: ["integer", "null"],
    minimum: 1,
    default: null,
    description: "Examples computed at a time: larger batches are accumulated, in less memory. null for all at once.",
  },
  steps: {
    type: ["integer", "null"],
    minimum: 1,
    default: null,
    description: "Steps per task. By default the suite's recommendation for the task, else `epochs`.",
  },
  epochs: {
    type: "number",
    exclusiveMinimum: 0,
    default: 3,
    description: "Passes over a task's training data, where neither `steps` nor the suite says how long to train.",
  },
  budget: {
    enum: ["total-tokens", "new-tokens"],
    default: "total-tokens",
    description:
      "What all trainers of a comparison have equal: `total-tokens`, steps × batch size, where rehearsal replaces new items; or `new-tokens`, where rehearsal comes on top in further steps.",
  },
  beta1: { ...share, exclusiveMaximum: 1, default: 0.9, description: "AdamW: decay of the first moment." },
  beta2: { ...share, exclusiveMaximum: 1, default: 0.99, description: "AdamW: decay of the second moment." },
  epsilon: { type: "number", exclusiveMinimum: 0, default: 1e-8, description: "AdamW: added to the denominator." },
  weightDecay: { type: "number", minimum: 0, default: 0, description: "AdamW: decoupled decay of matrices." },
  clip: {
    type: ["number", "null"],
    exclusiveMinimum: 0,
    default: 1,
    description: "Largest global norm of the gradient; null for no clipping.",
  },
  componentRates: {
    type: "object",
    additionalProperties: { type: "number", minimum: 0 },
    default: {},
    description: "Factor on the rate of parameters whose name contains the key, such as { embed_tokens: 0.1 }.",
  },
  keepOptimizer: {
    type: "boolean",
    default: false,
    description: "Carry AdamW's moments from task to task instead of starting afresh.",
  },
  earlyStopping: {
    type: ["object", "null"],
    additionalProperties: false,
    default: null,
    description:
      "End a task when the loss on validation data of earlier tasks has not been lower for `patience` checks, and go back to the best. Needs validation data of past tasks.",
    properties: {
      every: { ...count, default: 10, description: "Steps between checks." },
      patience: { ...count, default: 3, description: "Checks without a lower loss before training ends." },
      items: { ...count, default: 16, description: "Validation items of each earlier task." },
    },
  },
  monitor: {
    type: "boolean",
    default: true,
    description:
      "Compare each task's data with that of the tasks before, as the base model sees them, and warn where it is unlike them.",
  },
  ...promptOptions,
};
