import { join, resolve } from "node:path";
import { suggestName } from "../config/index.js";
import { BenchError, toBenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import type { RunPlan } from "../run/plan/plan.js";
import { earlierConfig } from "../tune/earlier-config.js";
import type { TuneRecord } from "../tune/record.js";
import { commentedConfig, type TrainerRow, valuesText } from "../tune/tuned-config.js";
import { validationInputs } from "../tune/validation-inputs.js";
import { orderApart } from "../tune/validation-suite.js";
import { type AppContext, registryFor } from "./context.js";
import { planTuning, type TuneOptions, tuneTrainer } from "./tune-trainer.js";

/** A trainer that could not be searched, or has no score. */
export interface FailedSearch {
  trainer: string;
  reason: string;
}

/** What came of every trainer. */
export interface TunedTrainers {
  found: { trainer: string; record: TuneRecord }[];
  failed: FailedSearch[];
  /** Trainers whose rows earlier commands left in the configuration, and that this one adds nothing to. */
  kept: string[];
  /** Path of a configuration with each trainer as it is and as it was tuned. */
  config: string;
}

/** What every search will do. */
export interface PlannedSearches {
  planned: { trainer: string; plans: RunPlan[] }[];
  failed: FailedSearch[];
  /** Where all will write. */
  directory: string;
}

/**
 * Searches the declared space of every trainer that has one, with one budget, order and seeds for all: each in its own
 * directory, where a repeated command finds it. A trainer without a scored candidate is listed and left out, whatever
 * the reason. The configuration keeps the trainers that earlier commands found for it.
 *
 * @param only names of trainers; all without it.
 * @param announce is told which trainer begins, its place in the order of the searches, from 1, and their number.
 * @throws UNKNOWN_NAME; USAGE where no trainer has a space; RUN_MISMATCH where the directory is of another suite or model;
 *   CANCELLED; the first trainer's error where none has a score.
 */
export async function tuneAll(
  suite: string | undefined,
  only: readonly string[] | undefined,
  options: TuneOptions,
  context: AppContext,
  announce: (trainer: string, place: number, count: number) => void = () => {},
): Promise<TunedTrainers> {
  const { all, chosen } = await searchedTrainers(only, options, context);
  const config = configOf(options);
  const { done, failed } = await eachTrainer(chosen, options, (trainer, own, inputs, place) =>
    tuneTrainer(trainer, suite, own, context, inputs, (settings) => {
      earlierConfig(config, settings);
      announce(trainer, place, chosen.length);
    }),
  );
  const found = done.map(({ trainer, result: { record } }) => ({ trainer, record }));
  const { settings } = done[0]!.result;
  const earlier = earlierConfig(config, settings); // again: another command may have written it meanwhile
  const kept = earlier.trainers.filter(({ name }) => !done.some(({ trainer }) => trainer === name));
  const own = done.flatMap(({ trainer, result }): TrainerRow[] => [
    {
      name: trainer,
      label: trainer,
      ...(Object.keys(result.options.given).length > 0 && { options: result.options.given }),
    },
    ...(result.record.chosen.isDefault
      ? []
      : [{ name: trainer, label: `${trainer}-tuned`, options: result.options.chosen }]),
  ]);
  const placeOf = ({ name }: TrainerRow) => (all.includes(name) ? all.indexOf(name) : all.length);
  const rows = [...own, ...kept].sort((a, b) => placeOf(a) - placeOf(b));
  const names = [...new Set(kept.map(({ name }) => name))];
  const plugins = [...new Set([...earlier.plugins, ...settings.plugins])];
  writeFileAtomically(config, commentedConfig(foundLines(found, failed, names), { ...settings, plugins }, rows));
  return { found, failed, kept: names, config };
}

/**
 * What `tuneAll` will do: the plan of each rung, trainer by trainer. Nothing is written.
 *
 * @throws UNKNOWN_NAME; USAGE where no trainer has a space; the first trainer's error where none can be searched.
 */
export async function planAll(
  suite: string | undefined,
  only: readonly string[] | undefined,
  options: TuneOptions,
  context: AppContext,
): Promise<PlannedSearches> {
  const { chosen } = await searchedTrainers(only, options, context);
  const { done, failed } = await eachTrainer(chosen, options, (trainer, own, inputs) =>
    planTuning(trainer, suite, own, context, inputs, (settings) => void earlierConfig(configOf(options), settings)),
  );
  const planned = done.map(({ trainer, result: { plans } }) => ({ trainer, plans }));
  return { planned, failed, directory: directoryOf(options) };
}

const directoryOf = ({ out }: TuneOptions): string => resolve(out ?? join("tunings", "all"));

const configOf = (options: TuneOptions): string => join(directoryOf(options), "tuned.yaml");

/** The names of all trainers with a space, and of those to be searched. */
async function searchedTrainers(
  only: readonly string[] | undefined,
  { plugins }: TuneOptions,
  context: AppContext,
): Promise<{ all: string[]; chosen: string[] }> {
  const registry = await registryFor(context, plugins);
  const spaced = registry.allTrainers().filter(({ space }) => space !== undefined);
  const names = spaced.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new BenchError("UNKNOWN_NAME", `no trainer "${unknown}" declares a search space`, {
      fix: suggestName(unknown, names),
    });
  }
  if (names.length === 0) {
    throw new BenchError("USAGE", "no trainer declares a search space", {
      fix: "Load trainers that do with --plugin, or search one with `bench tune <trainer> --space <file>`.",
    });
  }
  return { all: names, chosen: names.filter((name) => only?.includes(name) ?? true) };
}

/**
 * Does something with the search of one trainer after another, which is told its place, from 1; one that fails does not
 * keep the others from theirs.
 */
async function eachTrainer<Result>(
  trainers: readonly string[],
  options: TuneOptions,
  work: (
    trainer: string,
    own: TuneOptions,
    inputs: ReturnType<typeof validationInputs>,
    place: number,
  ) => Promise<Result>,
): Promise<{ done: { trainer: string; result: Result }[]; failed: FailedSearch[] }> {
  const order = options.order ?? orderApart;
  const inputs = validationInputs(order);
  const done: { trainer: string; result: Result }[] = [];
  const errors: { trainer: string; error: BenchError }[] = [];
  for (const [index, trainer] of trainers.entries()) {
    try {
      const own = { ...options, order, out: join(directoryOf(options), trainer) };
      done.push({ trainer, result: await work(trainer, own, inputs, index + 1) });
    } catch (thrown) {
      const error = toBenchError(thrown);
      if (error.code === "CANCELLED") throw error;
      errors.push({ trainer, error });
    }
  }
  if (done.length === 0 && errors.length > 0) throw errors[0]!.error;
  return { done, failed: errors.map(({ trainer, error }) => ({ trainer, reason: error.message })) };
}

function foundLines(found: TunedTrainers["found"], failed: readonly FailedSearch[], kept: readonly string[]): string[] {
  return [
    "Trainers with their defaults and as `bench tune --all` found them; tune.json in each one's directory says how.",
    ...found.map(({ trainer, record: { chosen } }) =>
      chosen.isDefault ? `${trainer}: nothing was better than the default` : `${trainer}: ${valuesText(chosen.values)}`,
    ),
    ...failed.map(({ trainer, reason }) => `${trainer}: no score (${reason})`),
    ...kept.map((trainer) => `${trainer}: as an earlier command found it`),
  ];
}
