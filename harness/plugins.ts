import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { suggestName } from "./config/suggest-name.js";
import type { EngineDefinition } from "./contract/engine.js";
import { BenchError } from "./contract/errors.js";
import { packageRoot } from "./contract/files.js";
import { type Confinement, unconfined } from "./contract/isolation.js";
import type { LauncherDefinition } from "./contract/launcher.js";
import type { Metric } from "./contract/metric.js";
import type { ModelFormat, Plugin, Reporter, Scorer } from "./contract/plugin.js";
import type { Claim } from "./contract/results/claim.js";
import type { SuiteDefinition } from "./contract/suite.js";
import type { TrainerDefinition } from "./contract/trainer.js";
import { metricDefinitions } from "./metrics/catalog.js";
import { metricOf } from "./metrics/definition.js";
import { importPlugin } from "./plugins/import-plugin.js";
import { type LoadedPlugin, trainersOfMethods } from "./plugins/method-trainers.js";
import { provideOwnPackage } from "./plugins/own-package.js";
import { describeProgram, hostProgram, processTrainer, tryModule } from "./plugins/process-trainer.js";
import { type PluginSource, resolveSpecifier } from "./plugins/specifier.js";
import { scorers as builtInScorers } from "./score/index.js";

/** All that plug-ins offer, by name. Lookups of unknown names throw UNKNOWN_NAME with a suggestion. */
export interface Registry {
  /** The trainer of a name. */
  trainer(name: string): TrainerDefinition;
  /** The suite of a name. */
  suite(name: string): SuiteDefinition;
  /** The scorer of a name. */
  scorer(name: string): Scorer;
  /** The metric of a key. */
  metric(key: string): Metric;
  /** The reporter of a name. */
  reporter(name: string): Reporter;
  /** The engine of a name; the default one of the name undefined. */
  engine(name: string): EngineDefinition;
  /** The launcher of a name, or of an address by its scheme. */
  launcher(place: string): LauncherDefinition;
  /** The format that recognizes a model directory; of several, the one that was registered last. Throws MODEL_INVALID when none does. */
  modelFor(directory: string): ModelFormat;
  /** All trainers, in the order of their registration. */
  allTrainers(): TrainerDefinition[];
  /** All suites, in the order of their registration. */
  allSuites(): SuiteDefinition[];
  /** All scorers, in the order of their registration. */
  allScorers(): Scorer[];
  /** All reporters, in the order of their registration. */
  allReporters(): Reporter[];
  /** All model formats, in the order of their registration. */
  allModels(): ModelFormat[];
  /** All metrics, the built-in ones first. */
  allMetrics(): Metric[];
  /** All engines, in the order of their registration. */
  allEngines(): EngineDefinition[];
  /** All launchers, in the order of their registration. */
  allLaunchers(): LauncherDefinition[];
  /** All claims, in the order of their registration. */
  allClaims(): Claim[];
  /** The specifier of the plug-in that registered a name; undefined for an unknown one. */
  origin(kind: PluginKind, name: string): string | undefined;
  /** Names of one kind that one plug-in registered, in its order. */
  namesOf(kind: PluginKind, specifier: string): string[];
  /** Names of the trainers that one plug-in registered, in its order. */
  trainersOf(specifier: string): string[];
  /** Names of the suites that one plug-in registered, in its order. */
  suitesOf(specifier: string): string[];
  /** The specifiers of the plug-ins that a trainer with these options is made of. */
  sourcesOf(trainer: string, options: Record<string, unknown>): string[];
}

/** What a plug-in can offer. */
export type PluginKind = Exclude<keyof Plugin, "trainersFrom">;

const singular: Record<PluginKind, string> = {
  methods: "method",
  trainers: "trainer",
  suites: "suite",
  scorers: "scorer",
  reporters: "reporter",
  models: "model format",
  engines: "engine",
  launchers: "launcher",
  claims: "claim",
  metrics: "metric",
};

/**
 * Loads plug-ins and checks them against the contract.
 *
 * @param specifiers file URLs (built in: their trainers run in this thread), paths, npm packages as the working
 *   directory sees them, or `command:<words>`. Trainers of the last three run in a child process per cell.
 * @param confinement of the processes in which they learn; none unless given.
 * @throws PLUGIN_INVALID, DUPLICATE_NAME.
 */
export async function loadRegistry(
  specifiers: readonly string[],
  confinement: Confinement = unconfined,
): Promise<Registry> {
  const registry = new PluginRegistry();
  registry.add(pathToFileURL(join(packageRoot, "harness", "score")).href, { scorers: builtInScorers });
  registry.add(pathToFileURL(join(packageRoot, "harness", "metrics")).href, { metrics: [...metricDefinitions] });
  const loaded: LoadedPlugin[] = [];
  for (const specifier of new Set(specifiers)) loaded.push(await loadPlugin(specifier, confinement));
  for (const { specifier, plugin } of loaded) registry.add(specifier, plugin);
  for (const { specifier, trainer } of trainersOfMethods(loaded, confinement)) {
    if (isMainThread && !specifier.startsWith("file:")) await checkSchemas({ trainers: [trainer] }, specifier);
    registry.add(specifier, { trainers: [trainer] });
  }
  return registry;
}

/** The modules that bench brings along: a test checks them, not every process that starts. */
const ownModules = pathToFileURL(join(packageRoot, "dist/")).href;

/** Paths of modules that this process has tried and checked: Node keeps a module, so there is nothing new to see. */
const accepted = new Set<string>();

async function loadPlugin(specifier: string, confinement: Confinement): Promise<LoadedPlugin> {
  const source = resolveSpecifier(specifier);
  return { specifier, source, plugin: await pluginOf(source, confinement) };
}

async function pluginOf(source: PluginSource, confinement: Confinement): Promise<Plugin> {
  const checked = !isMainThread; // workers load what the main thread has checked
  if (source.kind === "built-in") {
    return importPlugin(fileURLToPath(source.url), { checked: checked || source.url.startsWith(ownModules) });
  }
  if (source.kind === "command") {
    return { trainers: await describeProgram({ words: source.words }, confinement) };
  }
  // A module that hangs or exits while it loads must not take this process with it: a child tries it first.
  const known = checked || accepted.has(source.path);
  if (!known) await tryModule(source.path);
  provideOwnPackage([source.path]);
  const plugin = await importPlugin(source.path, { checked: known });
  if (!known) await checkSchemas(plugin, source.path);
  accepted.add(source.path);
  const program = hostProgram([source.path]);
  return { ...plugin, trainers: plugin.trainers?.map((trainer) => processTrainer(trainer, program, confinement)) };
}

async function checkSchemas(plugin: Plugin, file: string): Promise<void> {
  const check = await import("./plugins/check-plugin.js");
  check.checkSchemas(plugin, file);
}

class PluginRegistry implements Registry {
  private readonly entries: Record<PluginKind, Map<string, { value: unknown; specifier: string }>> = {
    methods: new Map(),
    trainers: new Map(),
    suites: new Map(),
    scorers: new Map(),
    reporters: new Map(),
    models: new Map(),
    engines: new Map(),
    launchers: new Map(),
    claims: new Map(),
    metrics: new Map(),
  };

  add(specifier: string, plugin: Plugin): void {
    for (const kind of Object.keys(this.entries) as PluginKind[]) {
      for (const value of plugin[kind] ?? []) {
        const name = "key" in value ? value.key : "id" in value ? value.id : value.name;
        const taken = this.entries[kind].get(name);
        if (taken !== undefined) {
          throw new BenchError(
            "DUPLICATE_NAME",
            `the ${singular[kind]} "${name}" is registered twice: by ${taken.specifier} and by ${specifier}`,
            { fix: "Rename one of them, or load only one of the two plug-ins." },
          );
        }
        this.entries[kind].set(name, { value: "key" in value ? metricOf(value) : value, specifier });
      }
    }
  }

  private find<T>(kind: PluginKind, name: string): T {
    const entry = this.entries[kind].get(name);
    if (entry === undefined) {
      throw new BenchError("UNKNOWN_NAME", `there is no ${singular[kind]} "${name}"`, {
        fix: suggestName(name, [...this.entries[kind].keys()]),
      });
    }
    return entry.value as T;
  }

  private list<T>(kind: PluginKind): T[] {
    return Array.from(this.entries[kind].values(), (entry) => entry.value as T);
  }

  trainer = (name: string): TrainerDefinition => this.find("trainers", name);
  suite = (name: string): SuiteDefinition => this.find("suites", name);
  scorer = (name: string): Scorer => this.find("scorers", name);
  reporter = (name: string): Reporter => this.find("reporters", name);
  engine = (name: string): EngineDefinition => this.find("engines", name);
  allTrainers = (): TrainerDefinition[] => this.list("trainers");
  allSuites = (): SuiteDefinition[] => this.list("suites");
  allScorers = (): Scorer[] => this.list("scorers");
  allReporters = (): Reporter[] => this.list("reporters");
  allModels = (): ModelFormat[] => this.list("models");
  metric = (key: string): Metric => this.find("metrics", key);
  allMetrics = (): Metric[] => this.list("metrics");
  allEngines = (): EngineDefinition[] => this.list("engines");
  allLaunchers = (): LauncherDefinition[] => this.list("launchers");
  allClaims = (): Claim[] => this.list("claims");

  launcher(place: string): LauncherDefinition {
    const scheme = /^([a-z][a-z0-9+.-]*):/.exec(place)?.[1];
    const ofScheme = this.allLaunchers().find(({ schemes }) => scheme !== undefined && schemes?.includes(scheme));
    return ofScheme ?? this.find("launchers", place);
  }

  modelFor(directory: string): ModelFormat {
    const format = this.allModels().findLast((candidate) => candidate.recognizes(directory));
    if (format !== undefined) return format;
    const known = this.allModels().map((candidate) => `${candidate.name} (${candidate.summary})`);
    throw new BenchError("MODEL_INVALID", `no model format recognizes ${directory}`, {
      fix: known.length === 0 ? "Load a plug-in that offers a model format." : `Known formats: ${known.join("; ")}.`,
      at: { file: directory },
    });
  }

  origin(kind: PluginKind, name: string): string | undefined {
    return this.entries[kind].get(name)?.specifier;
  }

  sourcesOf(trainer: string, options: Record<string, unknown>): string[] {
    const methods = this.trainer(trainer).methods?.(options) ?? [];
    const origins = [this.origin("trainers", trainer), ...methods.map((method) => this.origin("methods", method))];
    return [...new Set(origins.filter((origin) => origin !== undefined))];
  }

  trainersOf = (specifier: string): string[] => this.namesOf("trainers", specifier);
  suitesOf = (specifier: string): string[] => this.namesOf("suites", specifier);

  namesOf(kind: PluginKind, specifier: string): string[] {
    return [...this.entries[kind]].filter(([, entry]) => entry.specifier === specifier).map(([name]) => name);
  }
}
