import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ConfigFlags, type ConfigRequest, readConfig, readSpaceFile, resolveConfig } from "../config/index.js";
import type { RunConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import { packageRoot, writeFileAtomically } from "../contract/files.js";
import type { SearchSpace, TrainerDefinition } from "../contract/trainer.js";
import { loadRegistry, type Registry } from "../plugins.js";
import { chooseDisplay } from "../run/display/index.js";
import { executeRun } from "../run/execute.js";
import { withInterrupts } from "../run/interrupt.js";
import { chosenOptions, recordSearch, tunedLabel } from "../tune/record.js";
import type { Search } from "../tune/rungs.js";
import { objectiveOf } from "../tune/scoring.js";
import { planSearch, searchSpace, type TuneRequest, trainerOf } from "../tune/search.js";
import { tunedConfig } from "../tune/tuned-config.js";
import { type CliContext, type CommonOptions, printJson, specifiersFor } from "./context.js";
import { searchPlanLines, tuneLines } from "./text/tune-lines.js";

/** What `bench tune` was given beside its arguments. */
export interface TuneOptions
  extends CommonOptions,
    Omit<ConfigFlags, "trainers" | "plugins" | "reference" | "orders" | "keepCheckpoints" | "failOn"> {
  search: Search["kind"];
  candidates: number;
  tasks: number;
  seeds: number;
  eta: number;
  seed: number;
  objective: string;
  space?: string;
  order?: string;
  config?: string;
  dryRun?: boolean;
}

/** Seeds of tuning begin here; those of `bench run` at 1, so that results are reported on others. */
const firstSeed = 11;

/** From the command line to `tuned.yaml` and `tune.json`. */
export async function tuneTrainer(
  trainer: string,
  suite: string | undefined,
  options: TuneOptions,
  context: CliContext,
): Promise<void> {
  const request = await requestOf(trainer, suite, options, context);
  if (options.dryRun) {
    const plans = await planSearch(request);
    if (options.json) {
      printJson(
        context,
        plans.map(({ directory, record, estimate }) => ({ directory, run: record, estimate })),
      );
    } else context.print(`${searchPlanLines(request, plans, context).join("\n")}\n`);
    return;
  }
  const rungs = await searchSpace(request, (plan) => {
    const display = chooseDisplay(process.stderr);
    return withInterrupts(display, (cancellation) => executeRun(plan, { display, cancellation }));
  });
  const directory = dirname(rungs[0]!.directory);
  const record = recordSearch(request, rungs, benchVersion());
  const chosen = chosenOptions(request, rungs, request.registry.trainer(trainerOf(request).name));
  const [config, json] = [join(directory, "tuned.yaml"), join(directory, "tune.json")];
  writeFileAtomically(json, `${JSON.stringify(record, null, 2)}\n`);
  writeFileAtomically(config, tunedConfig(record, request.config, tunedLabel(request), chosen));
  if (options.json) printJson(context, { ...record, config });
  else context.print(`\n${tuneLines(record, config, context).join("\n")}\n`);
}

async function requestOf(
  trainer: string,
  suite: string | undefined,
  options: TuneOptions,
  context: CliContext,
): Promise<TuneRequest> {
  const { search: kind, candidates, tasks, seeds, eta, seed, objective, space, order } = options;
  const { config: file, plugin, model, device, engine, threads, workers, quick, out, retryFailed } = options;
  const flags = { reference: suite, suite: options.suite, model, device, engine, threads, workers, quick, retryFailed };
  const given = { ...flags, plugins: plugin, out: out && resolve(out), orders: 1 };
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
    ...(order === undefined ? {} : { order }),
    objective: objectiveOf(objective),
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

function benchVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;
}
