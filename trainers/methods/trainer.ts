import type { TrainingProfile } from "../../harness/config/profile.js";
import { suggestName } from "../../harness/config/suggest-name.js";
import { BenchError } from "../../harness/contract/errors.js";
import { type OptionProperties, type OptionsOf, section } from "../../harness/contract/options.js";
import { modalities } from "../../harness/contract/suite.js";
import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { Type } from "../../harness/contract/type.js";
import type { Capability } from "../engine/capabilities.js";
import { composeStrategies } from "../training/compose.js";
import { ParametricLearner } from "../training/learner.js";
import { commonRate, inheritedRate, type TrainingOptions, trainingOptions } from "../training/options.js";
import { mergePrivileges } from "../training/privileges.js";
import { optionsOf } from "./composition.js";
import type { Member, Method } from "./method.js";
import { applyProfile, profileMembers, profileOption } from "./profile.js";

/** A method as a trainer. */
export function trainerOf(method: Method): TrainerDefinition {
  return parametricTrainer(method, (options) => [{ method, options }]);
}

/**
 * Several methods as one trainer: those of the option `use`, in that order, each with its options under its name; then
 * those that only the profile names.
 */
export function composedTrainer(methods: readonly Method[]): TrainerDefinition {
  const use = Type.Array(Type.Enum(methods.map(({ name }) => name)), {
    default: [],
    description: "The methods, in the order in which they act. Those that only the profile speaks of come after.",
  });
  const blocks: OptionProperties = Object.fromEntries(
    methods.map(({ name, options }) => [name, Type.Optional(section(options, { description: `Options of ${name}.` }))]),
  );
  const description = {
    name: "composed",
    summary: "Several methods on one loop: those that the option `use` names, in that order.",
    source: "the methods' own",
    version: 1,
    options: { learningRate: inheritedRate, use, ...blocks },
  };
  return parametricTrainer(description, (chosen: LoopOptions & OptionsOf<{ use: typeof use }>) => {
    const given = new Map<string, unknown>(Object.entries(chosen));
    const named = chosen.use.map((name) => methods.find((method) => method.name === name)!);
    const profiled = profileMembers(chosen.profile ?? {}).map((member) => member.method);
    return [...named, ...profiled.filter((method) => !named.includes(method))].map((method) => ({
      method,
      options: optionsOf(method, given.get(method.name)),
    }));
  });
}

type Description = Pick<
  Method,
  "name" | "summary" | "source" | "version" | "default" | "schedule" | "defaults" | "options" | "space" | "modalities"
>;

/** The options of the loop and the profile; a composition may leave the learning rate to its methods. */
type LoopOptions = Omit<TrainingOptions, "learningRate"> & { learningRate?: number; profile?: TrainingProfile };

function parametricTrainer<Options extends LoopOptions>(
  description: Description,
  membersOf: (options: Options) => Member[],
): TrainerDefinition {
  const { name, summary, source, version, schedule = "sequence", defaults = {}, options, space } = description;
  const composition = (chosen: Options) => {
    const { profile = {} } = chosen;
    const presets = profileMembers(profile);
    const members = membersOf(chosen).map(({ method, options }) => ({
      method,
      options: { ...options, ...presets.find((preset) => preset.method === method)?.options },
    }));
    const strategies = members.map(({ method, options }) => ({
      name: method.name,
      strategy: method.strategy(options),
    }));
    const inherited = Object.assign({}, ...members.map(({ method }) => method.defaults));
    const training = applyProfile({ learningRate: commonRate, ...inherited, ...chosen }, profile);
    return { training, members, strategy: composeStrategies(strategies) };
  };
  const trainer: TrainerDefinition<Options> = {
    name,
    summary,
    source,
    version,
    schedule,
    modalities: description.modalities ?? modalities,
    options: { properties: { ...withDefaults(name, defaults), profile: Type.Optional(profileOption), ...options } },
    ...(description.default === true && { default: true }),
    ...(space === undefined ? {} : { space }),
    needs(chosen) {
      const { training, members } = composition(chosen);
      const retention = { validationOfPastTasks: training.earlyStopping !== null };
      return mergePrivileges([retention, ...members.map(({ method, options }) => method.needs?.(options) ?? {})]);
    },
    capabilities: (chosen) => [
      ...new Set(composition(chosen).members.flatMap(({ method }) => method.capabilities ?? [])),
    ],
    effort(chosen, tasks) {
      const { members } = composition(chosen);
      const reading = members.reduce((product, { method, options }) => product * (method.reading?.(options) ?? 1), 1);
      return {
        training: members.reduce(
          (product, { method, options }) => product * (method.effort?.(tasks, options) ?? 1),
          reading,
        ),
        answering: reading,
      };
    },
    memory(chosen, tasks) {
      const { training, members } = composition(chosen);
      const held = members.map(({ method, options }) => method.vectors?.(tasks, options) ?? 0);
      return {
        trains: members.some(({ method }) => method.capabilities?.some(freezesBase)) ? "adapter" : "all",
        folds: members.some(({ method }) => method.capabilities?.includes("stacked-adapters")),
        vectors: held.reduce((sum, count) => sum + count, training.monitor ? 1 : 0), // the monitor keeps the base
        batch: training.microBatch ?? training.batchSize,
      };
    },
    methods: (chosen) => membersOf(chosen).map(({ method }) => method.name),
    create(context) {
      const { training, strategy } = composition(context.options);
      return ParametricLearner.open(context, training, strategy);
    },
  };
  return trainer;
}

/** Whether a method that calls for this capability trains parameters of its own, in place of the base's. */
const freezesBase = (capability: Capability): boolean => capability === "adapters" || capability === "soft-prompts";

/** The loop's options, with a method's own defaults. */
function withDefaults(name: string, defaults: Partial<TrainingOptions>): OptionProperties {
  const properties: OptionProperties = trainingOptions;
  const unknown = Object.keys(defaults).find((key) => !Object.hasOwn(properties, key));
  if (unknown !== undefined) {
    throw new BenchError("PLUGIN_INVALID", `method "${name}" has a default of the unknown option "${unknown}"`, {
      fix: suggestName(unknown, Object.keys(properties)),
    });
  }
  const changed = Object.entries(defaults).map(([key, value]) => [key, { ...properties[key], default: value }]);
  return { ...properties, ...Object.fromEntries(changed) };
}
