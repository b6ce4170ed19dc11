import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { suggestName } from "../config/index.js";
import { BenchError, toBenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import type { RunPlan } from "../run/plan/plan.js";
import type { TuneRecord } from "../tune/record.js";
import { valuesText } from "../tune/tuned-config.js";
import { orderApart } from "../tune/validation-suite.js";
import { type AppContext, registryFor } from "./context.js";
import { planTuning, type TuneOptions, tuneTrainer } from "./tune-trainer.js";

/** What came of every trainer. */
export interface TunedTrainers {
  found: { trainer: string; record: TuneRecord; options: Record<string, unknown> }[];
  failed: { trainer: string; reason: string }[];
  /** Path of a configuration with each trainer as it is and as it was tuned. */
  config: string;
}

/**
 * Searches the declared space of every trainer that has one, with one budget, order and seeds for all: each in its own
 * directory, where a repeated command finds it. A trainer without a scored candidate is listed and left out.
 *
 * @param only names of trainers; all without it.
 * @throws UNKNOWN_NAME; CANCELLED.
 */
export async function tuneAll(
  suite: string | undefined,
  only: readonly string[] | undefined,
  options: TuneOptions,
  context: AppContext,
): Promise<TunedTrainers> {
  const result: TunedTrainers = { found: [], failed: [], config: join(directoryOf(options), "tuned.yaml") };
  for (const { trainer, own } of await searchesOf(only, options, context)) {
    try {
      const { record, chosen } = await tuneTrainer(trainer, suite, own, context);
      result.found.push({ trainer, record, options: chosen });
    } catch (thrown) {
      const error = toBenchError(thrown);
      if (error.code !== "CELL_FAILED") throw error;
      result.failed.push({ trainer, reason: error.message });
    }
  }
  writeFileAtomically(result.config, configOf(result));
  return result;
}

/**
 * What `tuneAll` will do: the plan of each rung, trainer by trainer. Nothing is written.
 *
 * @throws UNKNOWN_NAME.
 */
export async function planAll(
  suite: string | undefined,
  only: readonly string[] | undefined,
  options: TuneOptions,
  context: AppContext,
): Promise<{ trainer: string; plans: RunPlan[] }[]> {
  const planned: { trainer: string; plans: RunPlan[] }[] = [];
  for (const { trainer, own } of await searchesOf(only, options, context)) {
    const { plans } = await planTuning(trainer, suite, own, context);
    planned.push({ trainer, plans });
  }
  return planned;
}

const directoryOf = ({ out }: TuneOptions): string => resolve(out ?? join("tunings", "all"));

/** The trainers to be searched, with the options for each. */
async function searchesOf(
  only: readonly string[] | undefined,
  options: TuneOptions,
  context: AppContext,
): Promise<{ trainer: string; own: TuneOptions }[]> {
  const registry = await registryFor(context, options.plugins);
  const spaced = registry.allTrainers().filter(({ space }) => space !== undefined);
  const names = spaced.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new BenchError("UNKNOWN_NAME", `no trainer "${unknown}" declares a search space`, {
      fix: suggestName(unknown, names),
    });
  }
  return names
    .filter((name) => only?.includes(name) ?? true)
    .map((trainer) => ({
      trainer,
      own: { ...options, order: options.order ?? orderApart, out: join(directoryOf(options), trainer) },
    }));
}

/** Both rows of each trainer; one where nothing was better than the default. */
function configOf({ found, failed }: TunedTrainers): string {
  const trainers = found.flatMap(({ trainer, record, options }) => [
    { name: trainer, label: trainer },
    ...(record.chosen.isDefault ? [] : [{ name: trainer, label: `${trainer}-tuned`, options }]),
  ]);
  const lines = [
    "Trainers with their defaults and as `bench tune --all` found them; tune.json in each one's directory says how.",
    ...found.map(({ trainer, record: { chosen } }) =>
      chosen.isDefault ? `${trainer}: nothing was better than the default` : `${trainer}: ${valuesText(chosen.values)}`,
    ),
    ...failed.map(({ trainer, reason }) => `${trainer}: no score (${reason})`),
  ];
  return `${lines.map((line) => `# ${line}`).join("\n")}\n\n${stringify({ trainers })}`;
}
