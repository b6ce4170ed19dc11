import { anyType, type OptionsOf, section } from "../contract/options.js";
import { Type } from "../contract/type.js";

const share = { minimum: 0, maximum: 1 };

/** A share of new items, or one that runs in a line over a task's steps. */
export const newRatio = {
  share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  schedule: Type.Object(
    {
      from: Type.Number({ ...share, description: "At a task's first step." }),
      to: Type.Number({ ...share, description: "At its last step." }),
    },
    { additionalProperties: false },
  ),
};

/**
 * The sections of a training profile, as people write it down in a configuration, for all trainers or for one, and as
 * the option `profile` of the trainers that take one.
 */
export const trainingProfile = {
  learning_rate: Type.Optional(
    section(
      {
        initial: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "As `learningRate`." })),
        decay_factor: Type.Optional(
          Type.Number({ exclusiveMinimum: 0, maximum: 1, description: "As `decayFactor`, task by task." }),
        ),
        warmup_steps: Type.Optional(Type.Integer({ minimum: 0, description: "As `warmupSteps`." })),
      },
      { description: "The schedule of the learning rate." },
    ),
  ),
  regularization: Type.Optional(
    section(
      {
        ewc_lambda: Type.Optional(Type.Number({ minimum: 0, description: "As `lambda` of ewc." })),
        elastic_beta: Type.Optional(Type.Number({ ...share, description: "As `elasticBeta` of ewc." })),
      },
      { description: "EWC in its gradient form, on a Fisher information of mean 1." },
    ),
  ),
  data_mixing: Type.Optional(
    section(
      {
        new_ratio: Type.Optional(
          anyType(newRatio.share, {
            ...newRatio.schedule,
            description: "As `newRatio` of replay: from the second task on, or { from, to } over each task's steps.",
          }),
        ),
        buffer_size: Type.Optional(Type.Integer({ minimum: 1, description: "As `bufferSize` of replay." })),
        sampling: Type.Optional(
          Type.Enum(["uniform", "importance", "representative"], {
            description: "As `sampling` of replay; importance is that by loss.",
          }),
        ),
      },
      { description: "Replay." },
    ),
  ),
};

/** A training profile: a preset over a trainer's own options. */
export type TrainingProfile = OptionsOf<typeof trainingProfile>;
