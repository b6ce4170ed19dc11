import { dirname, join, resolve } from "node:path";
import { type ConfigFlags, type ConfigRequest, readConfig, readSpaceFile, resolveConfig } from "../config/index.js";
import type { RunConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import { packageVersion, writeFileAtomically } from "../contract/files.js";
import type { SearchSpace, TrainerDefinition } from "../contract/trainer.js";
import { loadRegistry, type Registry } from "../plugins.js";
import type { RunPlan } from "../run/plan/plan.js";
import { candidateOptions, recordSearch, type TuneRecord, tunedLabel } from "../tune/record.js";
import type { Search } from "../tune/rungs.js";
import { objectiveOf } from "../tune/scoring.js";
import { planSearch, searchSpace, type TuneRequest, trainerOf } from "../tune/search.js";
import { tunedConfig } from "../tune/tuned-config.js";
import { validationInputs } from "../tune/validation-inputs.js";
import { type AppContext, specifiersFor } from "./context.js";

/** How a trainer's options are to be searched. */
export interface TuneOptions
  extends Omit<ConfigFlags, "trainers" | "reference" | "orders" | "seeds" | "keepCheckpoints" | "failOn"> {
  search: Search["kind"];
  candidates: number;
  tasks: number;
  seeds: number;
  eta: number;
  /** Keys the draws of candidates. */
  seed: number;
  /** A metric's key. */
  objective: string;
  /** A file; the space that the trainer declares without it. */
  space?: string;
  order?: string;
  config?: string;
}

/** A finished search. */
export interface TunedTrainer {
  record: TuneRecord;
  /** Path of the configuration with the best options. */
  config: string;
  /** The options that the search began with, and the best, as a configuration has them. */
  options: { given: Record<string, unknown>; chosen: Record<string, unknown> };
  /** What the trainer learned, from which model, and on what. */
  settings: RunConfig;
}

/** Seeds of tuning begin here; those of `bench run` at 1, so that results are reported on others. */
const firstSeed = 11;

/**
 * What a search will do, and the plan of each of its rungs.
 *
 * @param inputs shared by the searches of several trainers.
 * @param check is given the configuration before anything is loaded, and may refuse it.
 */
export async function planTuning(
  trainer: string,
  suite: string | undefined,
  options: TuneOptions,
  context: Pick<AppContext, "builtIns">,
  inputs = validationInputs(options.order),
  check: (settings: RunConfig) => void = () => {},
): Promise<{ request: TuneRequest; plans: RunPlan[] }> {
  const request = await requestOf(trainer, suite, options, context, inputs);
  check(request.config);
  return { request, plans: await planSearch(request) };
}

/** Searches a trainer's options and writes `tuned.yaml` and `tune.json` into the search's directory; `inputs` and `check` as above. */
export async function tuneTrainer(
  trainer: string,
  suite: string | undefined,
  options: TuneOptions,
  context: AppContext,
  inputs = validationInputs(options.order),
  check: (settings: RunConfig) => void = () => {},
): Promise<TunedTrainer> {
  const request = await requestOf(trainer, suite, options, context, inputs);
  check(request.config);
  const rungs = await searchSpace(request, context.execute);
  const directory = dirname(rungs[0]!.directory);
  const record = recordSearch(request, rungs, packageVersion());
  const written = candidateOptions(request, rungs, request.registry.trainer(trainerOf(request).name));
  const config = join(directory, "tuned.yaml");
  writeFileAtomically(join(directory, "tune.json"), `${JSON.stringify(record, null, 2)}\n`);
  writeFileAtomically(config, tunedConfig(record, request.config, tunedLabel(request), written.chosen));
  return { record, config, options: written, settings: request.config };
}

async function requestOf(
  trainer: string,
  suite: string | undefined,
  options: TuneOptions,
  context: Pick<AppContext, "builtIns">,
  inputs: TuneRequest["inputs"],
): Promise<TuneRequest> {
  const {
    search: kind,
    candidates,
    tasks,
    seeds,
    eta,
    seed,
    objective,
    space,
    order: _order,
    config: file,
    ...flags
  } = options;
  const given = { ...flags, reference: suite, out: flags.out && resolve(flags.out), orders: 1 };
  // as many workers as the cells of the first rung can use
  const read = (trainers?: string[]) => readConfig(file, { ...given, seeds: candidates * seeds, trainers });
  const requests = file === undefined ? [read([trainer])] : [read(), read([trainer])];
  const plugins = specifiersFor(context, [...new Set(requests.flatMap(({ config }) => config.plugins))]);
  const registry = await loadRegistry(plugins);
  const config = onlyTrainer(trainer, requests, registry);
  const definition = registry.trainer(config.trainers[0]!.name);
  return {
    config: { ...config, seeds: Array.from({ length: seeds }, (_, index) => firstSeed + index) },
    space: space === undefined ? declaredSpace(definition) : readSpaceFile(space, definition.options),
    search: { kind, tasks, candidates, eta },
    inputs,
    objective: objectiveOf(objective, registry.allMetrics()),
    seed,
    registry,
    plugins,
  };
}

/** The configuration with the one trainer that is tuned: an entry of the file by its label, else what the name says. */
function onlyTrainer(trainer: string, requests: readonly ConfigRequest[], registry: Registry): RunConfig {
  const configs = requests.map((request) => () => resolveConfig(request, registry));
  for (const resolved of configs.slice(0, -1)) {
    const config = resolved();
    const entry = config.trainers.find(({ label }) => label === trainer);
    if (entry !== undefined) return { ...config, trainers: [entry] };
  }
  const config = configs.at(-1)!();
  if (config.trainers.length === 1) return config;
  throw new BenchError("USAGE", `${trainer} offers several trainers`, {
    fix: `Name one of them: ${config.trainers.map(({ name }) => name).join(", ")}, with --plugin ${trainer}.`,
  });
}

function declaredSpace({ name, space }: TrainerDefinition): SearchSpace {
  if (space !== undefined) return space;
  throw new BenchError("CONFIG_INVALID", `trainer "${name}" declares no search space`, {
    fix: "Give one with --space, a file such as `learningRate: { low: 1e-4, high: 1e-2, scale: log }`.",
  });
}
