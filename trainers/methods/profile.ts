import type { TrainingOptions } from "../training/options.js";
import { newRatioSchema } from "../training/rehearsal.js";
import type { ShareSchedule } from "../training/strategy.js";
import type { Method, Options } from "./method.js";
import { ewc } from "./regularization/ewc.js";
import { replay } from "./rehearsal/replay.js";

/** Sampling of the buffer, by the profile's names. */
const samplings = { uniform: "uniform", importance: "loss", representative: "representative" } as const;

/** A training profile as written in configurations: a preset over a trainer's own options. */
export interface Profile {
  learning_rate?: { initial?: number; decay_factor?: number; warmup_steps?: number };
  regularization?: { ewc_lambda?: number; elastic_beta?: number };
  data_mixing?: {
    new_ratio?: number | ShareSchedule;
    buffer_size?: number;
    sampling?: keyof typeof samplings;
  };
}

/** A method with its options in a composition. */
export interface Member {
  method: Method;
  options: Options;
}

const section = (description: string, properties: Record<string, unknown>) => ({
  type: "object",
  additionalProperties: false,
  description,
  properties,
});
const share = { type: "number", minimum: 0, maximum: 1 };

/** JSON schema of the option `profile`. */
export const profileSchema = {
  ...section(
    "A training profile. What it says stands above the other options; a section on a method that this trainer is not made of leaves it as it is.",
    {
      learning_rate: section("The schedule of the learning rate.", {
        initial: { type: "number", exclusiveMinimum: 0, description: "As `learningRate`." },
        decay_factor: {
          type: "number",
          exclusiveMinimum: 0,
          maximum: 1,
          description: "As `decayFactor`, task by task.",
        },
        warmup_steps: { type: "integer", minimum: 0, description: "As `warmupSteps`." },
      }),
      regularization: section("EWC in its gradient form, on a Fisher information of mean 1.", {
        ewc_lambda: { type: "number", minimum: 0, description: "As `lambda` of ewc." },
        elastic_beta: { ...share, description: "As `elasticBeta` of ewc." },
      }),
      data_mixing: section("Replay.", {
        new_ratio: {
          ...newRatioSchema,
          type: ["number", "object"],
          description: "As `newRatio` of replay: from the second task on, or { from, to } over each task's steps.",
        },
        buffer_size: { type: "integer", minimum: 1, description: "As `bufferSize` of replay." },
        sampling: {
          enum: Object.keys(samplings),
          description: "As `sampling` of replay; importance is that by loss.",
        },
      }),
    },
  ),
};

/** The loop's options with the profile's learning rate in them. */
export function applyProfile(options: TrainingOptions, { learning_rate: rate = {} }: Profile): TrainingOptions {
  return {
    ...options,
    ...named({ learningRate: rate.initial, decayFactor: rate.decay_factor, warmupSteps: rate.warmup_steps }),
  };
}

/** What the profile says of methods: EWC in its gradient form, and replay. */
export function profileMembers({ regularization, data_mixing: mixing }: Profile): Member[] {
  const members: Member[] = [];
  if (mixing) {
    const { new_ratio: newRatio, buffer_size: bufferSize, sampling } = mixing;
    const options = named({ newRatio, bufferSize, sampling: sampling && samplings[sampling] });
    members.push({ method: replay, options });
  }
  if (regularization) {
    const { ewc_lambda: lambda, elastic_beta: elasticBeta } = regularization;
    members.push({ method: ewc, options: { form: "gradient", ...named({ lambda, elasticBeta }) } });
  }
  return members;
}

/** Without the members that are undefined. */
function named(values: Record<string, unknown>): Options {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
