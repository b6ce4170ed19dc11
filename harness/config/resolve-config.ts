import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { RunConfig, TrainerConfig } from "../contract/config.js";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import type { LauncherDefinition } from "../contract/launcher.js";
import type { SuiteDefinition } from "../contract/suite.js";
import type { TrainerDefinition } from "../contract/trainer.js";
import { defaultSuite, defaultTrainers, locationSuite } from "./defaults.js";
import { limits, mostCells } from "./limits.js";
import { checkOptions } from "./options.js";
import type { TrainingProfile } from "./profile.js";
import type { ConfigRequest, RequestedConfig } from "./read-config.js";
import { looksLikeSpecifier } from "./specifier.js";

/** The part of a registry that names are looked up in. */
interface Names {
  trainer(name: string): TrainerDefinition;
  suite(name: string): SuiteDefinition;
  reporter(name: string): unknown;
  metric(key: string): unknown;
  launcher(place: string): LauncherDefinition;
  suitesOf(specifier: string): string[];
  trainersOf(specifier: string): string[];
  allSuites(): SuiteDefinition[];
  allTrainers(): TrainerDefinition[];
}

/**
 * Looks up what a configuration names, completes what it leaves to the plug-ins and checks every option, so that nothing wrong is found after an hour.
 * A trainer named by its plug-in (a path or a command) means all trainers of that plug-in. The training profile
 * goes to the trainers that have an option `profile`.
 *
 * @throws UNKNOWN_NAME, CONFIG_INVALID, with line and column where the value came from a file.
 */
export function resolveConfig(request: ConfigRequest, names: Names): RunConfig {
  const { locate } = request;
  const config = withDefaults(request.config, names);
  const suite = located(locate(["suite"]), () => suiteOf(config, names));
  const suiteOptions = checkOptions(suite.options, config.suite.options, `suite "${suite.name}"`, (path, atKey) =>
    locate(["suite", "options", ...path], atKey),
  );
  const trainers = config.trainers.flatMap((entry, index) =>
    namesOf(entry, names).map((expanded) => resolveTrainer(expanded, index, request, names)),
  );
  for (const [index, name] of (config.reporters ?? []).entries()) {
    located(locate(["reporters", index]), () => names.reporter(name));
  }
  for (const [index, key] of (config.metrics ?? []).entries()) {
    located(locate(["metrics", index]), () => names.metric(key));
  }
  const [section] = Object.keys(request.profile);
  if (section !== undefined && !trainers.some(({ name }) => takesProfile(names.trainer(name)))) {
    throw new BenchError("CONFIG_INVALID", `no trainer of this run takes the training profile ("${section}")`, {
      fix: `Remove it, or compare trainers that learn by gradient; \`bench show <name>\` lists a trainer's options.`,
      at: locate([section], true),
    });
  }
  const labels = new Map<string, number>();
  for (const { label } of trainers) labels.set(label, (labels.get(label) ?? 0) + 1);
  const repeated = trainers.findIndex(({ label }) => labels.get(label)! > 1);
  if (repeated !== -1) {
    throw new BenchError("CONFIG_INVALID", `two trainers are labeled "${trainers[repeated]!.label}"`, {
      fix: "Give each its own label: { name: replay, label: replay-small, options: { … } }.",
      at: locate(["trainers"]),
    });
  }
  const cells = cellsOf({ ...config, trainers });
  if (cells > mostCells) {
    throw new BenchError("CONFIG_INVALID", `${cells} cells are more than the ${mostCells} of the largest run`, {
      fix: "Ask for fewer trainers, orders or seeds, or make several runs: a leaderboard merges them.",
    });
  }
  const launcher = config.on === undefined ? undefined : located(locate(["on"]), () => names.launcher(config.on!));
  const usual = launcher === undefined ? availableParallelism() : (launcher.parallel?.() ?? limits.workers);
  const workers = config.workers ?? Math.min(usual, cells);
  return { ...config, workers, suite: { ...config.suite, name: suite.name, options: suiteOptions }, trainers };
}

/** Suite and trainers that are left out, as the plug-ins declare them. */
function withDefaults(config: RequestedConfig, names: Names): RequestedConfig & Pick<RunConfig, "suite" | "trainers"> {
  const { name = defaultName(config, names), ...suite } = config.suite;
  const entry = (trainer: string): TrainerConfig => ({ name: trainer, label: trainer, options: {} });
  const { trainers = defaultTrainers(names.allTrainers()).map(entry) } = config;
  return { ...config, suite: { name, ...suite }, trainers };
}

function defaultName({ suite }: RequestedConfig, names: Names): string {
  return (suite.location === undefined ? defaultSuite : locationSuite)(names.allSuites()).name;
}

/** How many cells a run has; of one that goes on from a cell, trainers and seeds may be left to that one. */
function cellsOf({ trainers, seeds, orders }: Pick<RunConfig, "trainers" | "seeds" | "orders">): number {
  const seedCount = typeof seeds === "number" ? seeds : seeds.length;
  return (trainers.length || 1) * (seedCount || 1) * orders;
}

function suiteOf({ suite }: Pick<RunConfig, "suite">, names: Names): SuiteDefinition {
  if (looksLikeSpecifier(suite.name)) return onlySuiteOf(suite.name, names);
  try {
    return names.suite(suite.name);
  } catch (error) {
    const near = resolve(suite.name);
    if (!(error instanceof BenchError) || !existsSync(near)) throw error;
    const fix = `To use the directory of that name as data, write ./${suite.name}`;
    throw new BenchError(error.code, error.message, { fix, cause: error });
  }
}

function onlySuiteOf(specifier: string, names: Names): SuiteDefinition {
  const offered = names.suitesOf(specifier);
  if (offered.length === 1) return names.suite(offered[0]!);
  const found = offered.length === 0 ? "no suite" : `several suites: ${offered.join(", ")}`;
  throw new BenchError("UNKNOWN_NAME", `${specifier} offers ${found}`, {
    fix: "Name the suite, and give the plug-in that offers it by --plugin.",
  });
}

const takesProfile = (trainer: TrainerDefinition): boolean =>
  Object.hasOwn((trainer.options.properties as object | undefined) ?? {}, "profile");

function namesOf(entry: TrainerConfig, names: Names): TrainerConfig[] {
  if (!looksLikeSpecifier(entry.name)) return [entry];
  const offered = names.trainersOf(entry.name);
  if (offered.length === 0) {
    throw new BenchError("UNKNOWN_NAME", `${entry.name} offers no trainer`, {
      fix: "A plug-in offers trainers in `plugin.trainers`, or in its answer to `describe`.",
    });
  }
  const label = (name: string) =>
    entry.label === entry.name ? name : offered.length === 1 ? entry.label : `${entry.label}-${name}`;
  return offered.map((name) => ({ ...entry, name, label: label(name) }));
}

function resolveTrainer(entry: TrainerConfig, index: number, request: ConfigRequest, names: Names): TrainerConfig {
  const at = ["trainers", index];
  const trainer = located(request.locate([...at, "name"]), () => names.trainer(entry.name));
  const own = request.trainerProfiles[index] ?? {};
  if (!takesProfile(trainer) && Object.keys(own).length > 0) {
    throw new BenchError("CONFIG_INVALID", `trainer "${trainer.name}" takes no training profile`, {
      fix: `Remove ${Object.keys(own).join(", ")} there; its options are shown by \`bench show ${trainer.name}\`.`,
      at: request.locate([...at, Object.keys(own)[0]!], true),
    });
  }
  const profile = takesProfile(trainer) ? merged(request.profile, own) : {};
  const options = Object.keys(profile).length === 0 ? entry.options : { profile, ...entry.options };
  const checked = checkOptions(trainer.options, options, `trainer "${entry.label}"`, (path, atKey) =>
    request.locate([...at, "options", ...path], atKey),
  );
  return { ...entry, options: checked };
}

function merged(everyone: TrainingProfile, own: TrainingProfile): TrainingProfile {
  const sections = new Set([...Object.keys(everyone), ...Object.keys(own)] as (keyof TrainingProfile)[]);
  return Object.fromEntries(Array.from(sections, (section) => [section, { ...everyone[section], ...own[section] }]));
}

/** Runs a lookup; its error gets the position of the name in the file. */
function located<T>(at: ErrorLocation | undefined, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof BenchError) || at === undefined) throw error;
    throw new BenchError(error.code, error.message, { fix: error.fix, at, cause: error });
  }
}
