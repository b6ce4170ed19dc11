import type { LearnerContext, Privileges, TrainerDefinition } from "../../harness/contract/trainer.js";
import { composeStrategies } from "../training/compose.js";
import { ParametricLearner } from "../training/learner.js";
import { type TrainingOptions, trainingOptions } from "../training/options.js";
import { mergePrivileges } from "../training/privileges.js";
import type { Strategy } from "../training/strategy.js";
import { defaultsOf } from "./composition.js";
import type { Method, Options } from "./method.js";
import { applyProfile, type Member, type Profile, profileMembers, profileSchema } from "./profile.js";

/** A method as a trainer of its own. */
export function trainerOf(method: Method): TrainerDefinition {
  return parametricTrainer(method, (options) => [{ method, options }]);
}

const { default: commonRate, ...rate } = trainingOptions.learningRate;
const inheritedRate = {
  ...rate,
  description: `${rate.description} By default that of the last method that has its own.`,
};

/**
 * Several methods as one trainer: those of the option `use`, in that order, each with its options under its name; then
 * those that only the profile names.
 */
export function composedTrainer(methods: readonly Method[]): TrainerDefinition {
  const description = {
    name: "composed",
    summary: "Several methods on one loop: those that the option `use` names, in that order.",
    source: "the methods' own",
    version: 1,
    options: {
      learningRate: inheritedRate,
      use: {
        type: "array",
        items: { enum: methods.map((method) => method.name) },
        default: [],
        description: "The methods, in the order in which they act. Those that only the profile speaks of come after.",
      },
      ...Object.fromEntries(methods.map((method) => [method.name, blockOf(method)])),
    },
  };
  return parametricTrainer(description, (chosen) => {
    const named = (chosen.use as string[]).map((name) => methods.find((method) => method.name === name)!);
    const profiled = profileMembers((chosen.profile ?? {}) as Profile).map((member) => member.method);
    return [...named, ...profiled.filter((method) => !named.includes(method))].map((method) => ({
      method,
      options: { ...defaultsOf(method), ...(chosen[method.name] as Options | undefined) },
    }));
  });
}

type Description = Pick<
  Method,
  "name" | "summary" | "source" | "version" | "schedule" | "defaults" | "options" | "space"
>;

function parametricTrainer(description: Description, membersOf: (options: Options) => Member[]): TrainerDefinition {
  const { name, summary, source, version, schedule = "sequence", defaults = {}, options, space } = description;
  const composition = (chosen: Options): { training: TrainingOptions; members: Member[]; strategy: Strategy } => {
    const profile = (chosen.profile ?? {}) as Profile;
    const presets = profileMembers(profile);
    const members = membersOf(chosen).map(({ method, options }) => ({
      method,
      options: { ...options, ...presets.find((preset) => preset.method === method)?.options },
    }));
    const strategies = members.map((member) => member.method.strategy(member.options));
    const inherited = Object.assign({ learningRate: commonRate }, ...members.map(({ method }) => method.defaults));
    const training = applyProfile({ ...inherited, ...chosen } as TrainingOptions, profile);
    return { training, members, strategy: composeStrategies(strategies) };
  };
  return {
    name,
    summary,
    source,
    version,
    schedule,
    options: { properties: { ...withDefaults(defaults), profile: profileSchema, ...options } },
    ...(space === undefined ? {} : { space }),
    needs(chosen): Privileges {
      const { training, members } = composition(chosen);
      const retention = { validationOfPastTasks: training.earlyStopping !== null };
      return mergePrivileges([retention, ...members.map((member) => member.method.needs(member.options))]);
    },
    capabilities: (chosen) => [
      ...new Set(composition(chosen).members.flatMap(({ method }) => method.capabilities ?? [])),
    ],
    create(context: LearnerContext) {
      const { training, strategy } = composition(context.options);
      return ParametricLearner.open(context, training, strategy);
    },
  };
}

/** The loop's options, with a method's own defaults. */
function withDefaults(defaults: Partial<TrainingOptions>): Record<string, unknown> {
  const changed = Object.entries(defaults).map(([key, value]) => [
    key,
    { ...trainingOptions[key as keyof TrainingOptions], default: value },
  ]);
  return { ...trainingOptions, ...Object.fromEntries(changed) };
}

/** Schema of a method's options inside those of a composition. */
function blockOf({ name, options }: Method): Record<string, unknown> {
  return { type: "object", additionalProperties: false, properties: options, description: `Options of ${name}.` };
}
