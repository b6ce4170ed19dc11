import { mapOf, nullable, type OptionsOf, section } from "../../harness/contract/options.js";
import { Type } from "../../harness/contract/type.js";
import { defaultMaxTokens } from "../model/measure.js";

const rate = { exclusiveMinimum: 0, description: "Rate after warm-up, first task." };
/** Of methods that have none of their own. */
export const commonRate = 7e-4;
const share = { minimum: 0, maximum: 1 };
const count = { minimum: 1 };

/** The options that models are prompted with; also for learners that do not train. */
export const promptOptions = {
  maxTokens: Type.Integer({
    minimum: 16,
    default: defaultMaxTokens,
    description:
      "Longest sequence in tokens, answer included; the model's context length bounds it too. Longer prompts lose what follows their instruction, never the instruction or the end.",
  }),
};

/**
 * The options of the loop, which every method that trains shares. The defaults were chosen on validation data of the embedded
 * suite, never on its tests (see `../methods/README.md`).
 */
export const trainingOptions = {
  learningRate: Type.Number({ ...rate, default: commonRate }),
  schedule: Type.Enum(["linear", "cosine", "constant"], {
    default: "linear",
    description: "How the rate falls within a task.",
  }),
  warmupSteps: Type.Integer({ minimum: 0, default: 10, description: "Steps over which the rate rises, each task." }),
  decayFactor: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 1,
    description: "Each task's rate is that of the task before times this.",
  }),
  finalShare: Type.Number({
    ...share,
    default: 0.05,
    description: "Share of the rate that is left at the end of a task.",
  }),
  batchSize: Type.Integer({ ...count, default: 16, description: "Examples per step." }),
  microBatch: nullable(
    Type.Integer({
      minimum: 1,
      default: null,
      description:
        "Examples computed at a time: larger batches are accumulated, in less memory. null computes the whole batch together.",
    }),
  ),
  steps: nullable(
    Type.Integer({
      minimum: 1,
      default: null,
      description: "Steps per task. By default the suite's recommendation for the task, else `epochs`.",
    }),
  ),
  epochs: Type.Number({
    exclusiveMinimum: 0,
    default: 3,
    description: "Passes over a task's training data, where neither `steps` nor the suite says how long to train.",
  }),
  budget: Type.Enum(["total-tokens", "new-tokens"], {
    default: "total-tokens",
    description:
      "What all trainers of a comparison have equal: `total-tokens`, steps × batch size, where rehearsal replaces new items; or `new-tokens`, where rehearsal comes on top in further steps.",
  }),
  beta1: Type.Number({ ...share, exclusiveMaximum: 1, default: 0.9, description: "AdamW: decay of the first moment." }),
  beta2: Type.Number({
    ...share,
    exclusiveMaximum: 1,
    default: 0.99,
    description: "AdamW: decay of the second moment.",
  }),
  epsilon: Type.Number({ exclusiveMinimum: 0, default: 1e-8, description: "AdamW: added to the denominator." }),
  weightDecay: Type.Number({ minimum: 0, default: 0, description: "AdamW: decoupled decay of matrices." }),
  clip: nullable(
    Type.Number({
      exclusiveMinimum: 0,
      default: 1,
      description: "Largest global norm of the gradient; null for no clipping.",
    }),
  ),
  componentRates: mapOf(Type.Number({ minimum: 0 }), {
    default: {},
    description: "Factor on the rate of parameters whose name contains the key, such as { embed_tokens: 0.1 }.",
  }),
  keepOptimizer: Type.Boolean({
    default: false,
    description: "Carry AdamW's moments from task to task instead of starting afresh.",
  }),
  earlyStopping: nullable(
    section(
      {
        every: Type.Integer({ ...count, default: 10, description: "Steps between checks." }),
        patience: Type.Integer({
          ...count,
          default: 3,
          description: "Checks without a lower loss before training ends.",
        }),
        items: Type.Integer({ ...count, default: 16, description: "Validation items of each earlier task." }),
      },
      {
        default: null,
        description:
          "End a task when the loss on validation data of earlier tasks has not been lower for `patience` checks, and go back to the best. Needs validation data of past tasks.",
      },
    ),
  ),
  monitor: Type.Boolean({
    default: true,
    description:
      "Compare each task's data with that of the tasks before, as the base model sees them, and warn where it is unlike them.",
  }),
  ...promptOptions,
};

/** The same, checked. */
export type PromptOptions = OptionsOf<typeof promptOptions>;

/** The learning rate of a composition, which may leave it to its methods. */
export const inheritedRate = Type.Optional(
  Type.Number({ ...rate, description: `${rate.description} By default that of the last method that has its own.` }),
);

/** The loop's options, checked. */
export type TrainingOptions = OptionsOf<typeof trainingOptions>;

/** When to end a task because earlier ones are being lost. */
export type EarlyStoppingOptions = NonNullable<TrainingOptions["earlyStopping"]>;
