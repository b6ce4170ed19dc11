import { dirname, resolve } from "node:path";
import type { AlertSettings } from "../contract/alert.js";
import type { ObservationSettings, RunConfig } from "../contract/config.js";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import { alertSettings } from "./alert-settings.js";
import { readConfigFile } from "./config-file.js";
import { limits } from "./limits.js";
import type { TrainingProfile } from "./profile.js";
import type { ConfigFileContent, TrainerEntry } from "./schema.js";
import { absoluteSpecifier, looksLikeSpecifier } from "./specifier.js";
import { absoluteLocation, parseSuiteReference } from "./suite-reference.js";

/** What the command line says; each member wins over the file. */
export interface ConfigFlags {
  /** The argument after the verb: a suite, a path, or a Hub reference. */
  reference?: string;
  /** The suite that reads the reference as a location. */
  suite?: string;
  model?: string;
  trainers?: string[];
  seeds?: number;
  orders?: number;
  workers?: number;
  threads?: number;
  device?: string;
  devicesPerCell?: number;
  engine?: string;
  dtype?: "float32" | "bfloat16";
  python?: string;
  quick?: boolean;
  strict?: boolean;
  out?: string;
  retryFailed?: boolean;
  keepCheckpoints?: RunConfig["keepCheckpoints"];
  chat?: RunConfig["chat"];
  isolate?: RunConfig["isolate"];
  fromCheckpoint?: string;
  evaluateEvery?: number;
  evaluateItems?: number;
  /** Names of the reporters that render and follow the run. */
  reporters?: string[];
  plugins?: string[];
  failOn?: AlertSettings["failOn"];
  /** `local`, or where the cells are carried out. */
  on?: string;
  /** What all machines see. */
  store?: string;
}

/** What was asked for, before the plug-ins say what is left out. */
export interface RequestedConfig extends Omit<RunConfig, "suite" | "workers" | "trainers"> {
  /** Without a name: the suite that reads the location, or else the default one. */
  suite: Omit<RunConfig["suite"], "name"> & { name?: string };
  /** Those that plug-ins declare as default ones when absent. */
  trainers?: RunConfig["trainers"];
  /** As many as are of use when absent. */
  workers?: number;
}

/** A configuration before names and options are looked up. */
export interface ConfigRequest {
  config: RequestedConfig;
  /** The training profile of the file's top level, meant for every trainer that takes one. */
  profile: TrainingProfile;
  /** The profile of single trainers, in the order of `config.trainers`. */
  trainerProfiles: TrainingProfile[];
  /** The position of a path in the file; undefined where the value came from the command line. */
  locate(path: readonly (string | number)[], atKey?: boolean): ErrorLocation | undefined;
}

/**
 * Makes one configuration of a file and the flags. Paths in the file are relative to the file, paths in flags to the
 * working directory. Reads nothing else; `resolveConfig` does the rest once the plug-ins are loaded.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line and column.
 */
export function readConfig(file: string | undefined, flags: ConfigFlags): ConfigRequest {
  checkLimits(flags);
  const { content, locate } = file === undefined ? { content: {}, locate: undefined } : readConfigFile(file);
  const directory = file === undefined ? process.cwd() : dirname(resolve(file));
  const fromFlags = flags.trainers !== undefined;
  const fromCheckpoint = flags.fromCheckpoint ?? (content.fromCheckpoint && resolve(directory, content.fromCheckpoint));
  const entries = flags.trainers ?? content.trainers ?? (fromCheckpoint === undefined ? undefined : []);
  const trainers = entries
    ?.map((entry): TrainerEntry => (typeof entry === "string" ? { name: entry } : entry))
    .map((entry) => ({ ...entry, name: absoluteSpecifier(entry.name, fromFlags ? process.cwd() : directory) }));
  const seeds = flags.seeds ?? content.seeds ?? (fromCheckpoint === undefined ? 1 : []);
  const orders = flags.orders ?? content.orders ?? 1;
  const workers = flags.workers ?? content.workers;
  const config: RequestedConfig = {
    suite: suiteOf(content, flags, directory),
    ...(trainers && {
      trainers: trainers.map(({ name, label, options }) => ({ name, label: label ?? name, options: options ?? {} })),
    }),
    seeds,
    orders,
    ...(workers === undefined ? {} : { workers }),
    threads: flags.threads ?? content.threads ?? 1,
    device: flags.device ?? content.device ?? "cpu",
    quick: flags.quick ?? content.quick ?? false,
    retryFailed: flags.retryFailed ?? false,
    keepCheckpoints: flags.keepCheckpoints ?? content.keepCheckpoints ?? "last",
    alerts: alertSettings(content.alerts, flags.failOn),
    plugins: [
      ...(content.plugins ?? []).map((specifier) => absoluteSpecifier(specifier, directory)),
      ...(flags.plugins ?? []).map((specifier) => absoluteSpecifier(specifier, process.cwd())),
    ],
  };
  const named = [...(trainers ?? []), config.suite].flatMap(({ name }) => name ?? []);
  config.plugins.push(...named.filter(looksLikeSpecifier));
  config.plugins = [...new Set(config.plugins)];
  const observation = observationOf(
    flags.evaluateEvery ?? content.evaluateEvery,
    flags.evaluateItems ?? content.evaluateItems,
    locate?.(["evaluateItems"], true),
  );
  const engine = flags.engine ?? content.engine;
  const devicesPerCell = flags.devicesPerCell ?? content.devicesPerCell ?? 1;
  const dtype = flags.dtype ?? content.dtype;
  const python =
    flags.python === undefined ? content.python && resolve(directory, content.python) : resolve(flags.python);
  const chat = flags.chat ?? content.chat;
  const isolate = flags.isolate ?? content.isolate;
  if (chat !== undefined) config.chat = chat;
  if (isolate !== undefined) config.isolate = isolate;
  if (engine !== undefined && engine !== "auto") config.engine = engine;
  if (devicesPerCell > 1) config.devicesPerCell = devicesPerCell;
  if (dtype === "bfloat16") config.dtype = dtype;
  if (python !== undefined) config.python = python;
  if (content.imageFeatures !== undefined) config.imageFeatures = content.imageFeatures;
  if (flags.strict ?? content.strict) config.strict = true;
  if (fromCheckpoint !== undefined) config.fromCheckpoint = fromCheckpoint;
  if (observation !== undefined) config.observation = observation;
  const model = flags.model === undefined ? content.model && absoluteModel(content.model, directory) : flags.model;
  if (model !== undefined) config.model = model;
  const reporters = flags.reporters ?? content.reporters;
  if (reporters !== undefined) config.reporters = reporters;
  if (content.metrics !== undefined) config.metrics = content.metrics;
  const on = flags.on ?? content.on;
  if (on !== undefined && on !== "local") config.on = on;
  const remote = remoteOf(content, flags, directory);
  if (remote !== undefined) config.remote = remote;
  if (content.price !== undefined) config.price = content.price;
  const out = flags.out ?? (content.out && resolve(directory, content.out));
  if (out !== undefined) config.out = out;
  return {
    config,
    profile: profileOf(content),
    trainerProfiles: (trainers ?? []).map(profileOf),
    locate: (path, atKey) => (fromFlags && path[0] === "trainers" ? undefined : locate?.(path, atKey)),
  };
}

/** What comes from a program or the command line has the limits of a file. Throws CONFIG_INVALID. */
function checkLimits(flags: ConfigFlags): void {
  for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
    const value = flags[name];
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= limits[name])) continue;
    throw new BenchError("CONFIG_INVALID", `"${name}" is ${JSON.stringify(value)}`, {
      fix: `Give a whole number from 1 to ${limits[name]}.`,
    });
  }
}

function suiteOf(content: ConfigFileContent, flags: ConfigFlags, directory: string): RequestedConfig["suite"] {
  if (flags.reference !== undefined) {
    return { ...parseSuiteReference(flags.reference, process.cwd(), flags.suite), options: optionsOf(content) };
  }
  if (flags.suite !== undefined) return { name: flags.suite, options: optionsOf(content) };
  if (content.suite === undefined) return { options: {} };
  if (typeof content.suite === "string") return { ...parseSuiteReference(content.suite, directory), options: {} };
  const { name, location } = content.suite;
  const options = optionsOf(content);
  return location === undefined
    ? { name, options }
    : { name, location: absoluteLocation(location, directory), options };
}

/** A store that is a path is one from the file, or from the working directory. */
function remoteOf({ remote }: ConfigFileContent, flags: ConfigFlags, directory: string): RunConfig["remote"] {
  const place = (store: string, from: string) => (/^\w{2,}:\//.test(store) ? store : resolve(from, store));
  const stored = remote?.store === undefined ? remote : { ...remote, store: place(remote.store, directory) };
  return flags.store === undefined ? stored : { ...stored, store: place(flags.store, process.cwd()) };
}

/** Most items of each task that are asked within tasks, unless the configuration says otherwise. */
const observedItems = 40;

function observationOf(
  every: number | undefined,
  items: number | undefined,
  at: ErrorLocation | undefined,
): ObservationSettings | undefined {
  if (every !== undefined) return { every, items: items ?? observedItems };
  if (items === undefined) return undefined;
  throw new BenchError("CONFIG_INVALID", "evaluateItems says on how many items, but nothing is measured within tasks", {
    fix: "Give evaluateEvery (--evaluate-every <steps>) too, or leave evaluateItems out.",
    at,
  });
}

const optionsOf = ({ suite }: ConfigFileContent): Record<string, unknown> =>
  (typeof suite === "object" ? suite.options : undefined) ?? {};

const absoluteModel = (model: string, directory: string): string =>
  model.startsWith(".") ? resolve(directory, model) : model;

function profileOf({ learning_rate, regularization, data_mixing }: TrainingProfile): TrainingProfile {
  return JSON.parse(JSON.stringify({ learning_rate, regularization, data_mixing })) as TrainingProfile;
}
