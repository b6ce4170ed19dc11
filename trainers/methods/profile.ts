import { type TrainingProfile, trainingProfile } from "../../harness/config/profile.js";
import { section } from "../../harness/contract/options.js";
import type { TrainingOptions } from "../training/options.js";
import type { Member } from "./method.js";
import { ewc } from "./regularization/ewc.js";
import { replay } from "./rehearsal/replay.js";

/** Sampling of the buffer, by the profile's names. */
const samplings = { uniform: "uniform", importance: "loss", representative: "representative" } as const;

/** The option `profile` of trainers that train. */
export const profileOption = section(trainingProfile, {
  description:
    "A training profile. It overrides the other options; a section on a method that this trainer is not made of leaves it as it is.",
});

/** The loop's options with the profile's learning rate in them. */
export function applyProfile(options: TrainingOptions, { learning_rate: rate = {} }: TrainingProfile): TrainingOptions {
  return {
    ...options,
    ...named({ learningRate: rate.initial, decayFactor: rate.decay_factor, warmupSteps: rate.warmup_steps }),
  };
}

/** What the profile says of methods: EWC in its gradient form, and replay. */
export function profileMembers({ regularization, data_mixing: mixing }: TrainingProfile): Member[] {
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
function named(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
