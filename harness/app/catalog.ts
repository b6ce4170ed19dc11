import { checkOptions, suggestName } from "../config/index.js";
import { BenchError } from "../contract/errors.js";
import type { TrainerDefinition } from "../contract/trainer.js";
import type { Registry } from "../plugins.js";
import { type CatalogKind, catalogKinds } from "./context.js";

/** One thing that can be listed and shown. */
export interface CatalogEntry {
  name: string;
  summary: string;
  /** Where it comes from: paper, formula, generator. */
  source?: string;
  version?: string | number;
  /** JSON schema. */
  options?: Record<string, unknown>;
  /** Further facts, in order. */
  facts: Record<string, unknown>;
  /** The plug-in that offers it. */
  plugin?: string;
}

/** All that this installation and the loaded plug-ins offer, by kind. */
export function catalog(registry: Registry): Record<CatalogKind, CatalogEntry[]> {
  const from = (kind: Parameters<Registry["origin"]>[0], name: string) => {
    const specifier = registry.origin(kind, name);
    return { plugin: specifier?.startsWith("file:") ? "built in" : specifier };
  };
  return {
    suites: registry.allSuites().map(({ name, summary, source, options }) => ({
      name,
      summary,
      source,
      options,
      facts: {},
      ...from("suites", name),
    })),
    trainers: registry.allTrainers().map((trainer) => ({
      name: trainer.name,
      summary: trainer.summary,
      source: trainer.source,
      version: trainer.version,
      options: trainer.options,
      // on demand: compiling the schemas of all trainers takes longer than listing them
      get facts() {
        return {
          schedule: trainer.schedule,
          ...needsByDefault(trainer),
          ...(trainer.space === undefined ? {} : { "tuned over": trainer.space }),
        };
      },
      ...from("trainers", trainer.name),
    })),
    scorers: registry.allScorers().map(({ name, summary, source, version, options }) => ({
      name,
      summary,
      source,
      version,
      options,
      facts: {},
      ...from("scorers", name),
    })),
    metrics: registry.allMetrics().map(({ id, key, title, formula, source, higherIsBetter, needsJoint }) => ({
      name: key,
      summary: `${title}: ${formula}`,
      source,
      version: id,
      facts: { better: higherIsBetter ? "higher" : "lower", ...(needsJoint && { needs: "joint training" }) },
      ...from("metrics", key),
    })),
    models: registry.allModels().map(({ name, summary }) => ({ name, summary, facts: {}, ...from("models", name) })),
    reporters: registry
      .allReporters()
      .map(({ name, summary }) => ({ name, summary, facts: {}, ...from("reporters", name) })),
    engines: registry.allEngines().map(({ name, version, numerics }) => ({
      name,
      summary: `numerics ${numerics}`,
      version,
      facts: { numerics },
      ...from("engines", name),
    })),
    launchers: registry.allLaunchers().map(({ name, summary, options, schemes = [] }) => ({
      name,
      summary,
      options,
      facts: { addresses: schemes.map((scheme) => `${scheme}://…`).join(", ") || "none" },
      ...from("launchers", name),
    })),
  };
}

/** An entry with the kind of thing that it is, in the singular. */
export interface FoundEntry extends CatalogEntry {
  kind: string;
}

/** What a suite consists of, as far as its tasks are known without data of one's own. */
export interface SuiteContents {
  tasks: { id: string; language: string; scorer: string; train: number; validation: number; test: number }[];
  orders: { name: string; tasks: string[] }[];
  probes: { id: string; kind: string; items: number }[];
}

/** The contents of a suite by its default options; undefined for one that reads a location. */
export async function contentsOf(name: string, registry: Registry): Promise<SuiteContents | undefined> {
  const definition = registry.suite(name);
  try {
    const options = checkOptions(definition.options, {}, `suite "${name}"`);
    const { tasks, orders, probes } = await definition.load({ options, quick: false });
    return {
      tasks: tasks.map(({ id, language, scorer, train, validation, test }) => {
        return {
          id,
          language,
          scorer: scorer.name,
          train: train.length,
          validation: validation.length,
          test: test.length,
        };
      }),
      orders: orders.map(({ name, tasks }) => ({ name, tasks: [...tasks] })),
      probes: probes.map(({ id, kind, examples }) => ({ id, kind, items: examples.length })),
    };
  } catch (error) {
    if (error instanceof BenchError) return undefined; // it reads a location, which was not given
    throw error;
  }
}

/** All entries of a name, or of a metric's id. Throws UNKNOWN_NAME with the near one. */
export function findInCatalog(name: string, registry: Registry): FoundEntry[] {
  const entries = catalog(registry);
  const found = catalogKinds.flatMap((kind) =>
    entries[kind]
      .filter((entry) => entry.name === name || entry.version === name)
      .map((entry) => ({ kind: kind.slice(0, -1), ...entry })),
  );
  if (found.length > 0) return found;
  const names = [...new Set(catalogKinds.flatMap((kind) => entries[kind].map((entry) => entry.name)))];
  throw new BenchError("UNKNOWN_NAME", `there is nothing called "${name}"`, { fix: suggestName(name, names) });
}

/** What a trainer may use with its default options; nothing where an option has no default. */
function needsByDefault(trainer: TrainerDefinition): { needs?: unknown } {
  try {
    return { needs: trainer.needs(checkOptions(trainer.options, {}, `trainer "${trainer.name}"`)) };
  } catch (error) {
    if (error instanceof BenchError && error.code === "CONFIG_INVALID") return {};
    throw error;
  }
}
