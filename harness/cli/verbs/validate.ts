import { existsSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import picocolors from "picocolors";
import { readConfig, resolveConfig } from "../../config/index.js";
import { checkOptions } from "../../config/options.js";
import { looksLikeSpecifier } from "../../config/specifier.js";
import { parseSuiteReference } from "../../config/suite-reference.js";
import { BenchError } from "../../contract/errors.js";
import { resolveReference } from "../../hub.js";
import { loadRegistry } from "../../plugins.js";
import { planRun } from "../../run/plan.js";
import { readRun } from "../../run/store.js";
import { twoColumns } from "../columns.js";
import {
  type CliContext,
  type CommonOptions,
  printJson,
  registryFor,
  specifiersFor,
  withCommonOptions,
} from "../context.js";

const kinds = ["config", "plugin", "model", "data", "run"] as const;
type Kind = (typeof kinds)[number];

interface ValidateOptions extends CommonOptions {
  as?: Kind;
  suite?: string;
}

/** What was found in something that is valid. */
type Findings = Record<string, string | number>;

/** `bench validate <what>`: checks data, a model, a plug-in, a configuration or a run before anything runs. */
export function addValidate(program: Command, context: CliContext): void {
  const command = program
    .command("validate")
    .description("check data, a model, a plug-in, a configuration or a run directory, before anything runs")
    .argument("<what>", "a path, a suite's name, hf://owner/name, hf://datasets/owner/name, or command:<words>")
    .addOption(new Option("--as <kind>", "what it is, where that cannot be told").choices(kinds))
    .option("--suite <name>", "the suite that reads the data", undefined);
  withCommonOptions(command, [
    "bench validate bench.yaml",
    "bench validate ./my-data",
    "bench validate ./my-model --as model",
    "bench validate ./my-method.mjs",
    'bench validate "command:python3 my_method.py"',
  ]).action(async (what: string, options: ValidateOptions) => {
    const kind = options.as ?? (await kindOf(what, context));
    const findings = await checks[kind](what, options, context);
    if (options.json) {
      printJson(context, { valid: true, kind, findings });
      return;
    }
    const paint = picocolors.createColors(context.color);
    const rows = Object.entries(findings).map(([key, value]): [string, string] => [key, String(value)]);
    context.print(`${paint.green("valid")} ${kind}: ${what}\n${twoColumns(rows, context.width).join("\n")}\n`);
  });
}

async function kindOf(what: string, context: CliContext): Promise<Kind> {
  if (what.startsWith("hf://")) return what.startsWith("hf://datasets/") ? "data" : "model";
  if ([".yaml", ".yml"].includes(extname(what))) return "config";
  if (extname(what) !== "" && looksLikeSpecifier(what) && !isDirectory(what)) {
    return extname(what) === ".json" ? "config" : "plugin";
  }
  if (extname(what) === ".json") return "config";
  if (what.startsWith("command:")) return "plugin";
  if (!isDirectory(what)) {
    if (!existsSync(what)) return "data";
    throw new BenchError("USAGE", `it cannot be told what ${what} is`, { fix: `Say so with --as ${kinds.join("|")}.` });
  }
  if (existsSync(join(what, "run.json"))) return "run";
  const models = (await registryFor(context)).allModels();
  return models.some((format) => format.recognises(resolve(what))) ? "model" : "data";
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const checks: Record<Kind, (what: string, options: ValidateOptions, context: CliContext) => Promise<Findings>> = {
  async config(what, options, context) {
    const request = readConfig(what, { plugins: options.plugin });
    const specifiers = specifiersFor(context, request.config.plugins);
    const registry = await loadRegistry(specifiers);
    const plan = await planRun(resolveConfig(request, registry), registry, specifiers);
    return {
      suite: `${plan.suite.name} ${plan.suite.version}`,
      model: plan.record.model.reference,
      trainers: plan.record.trainers.map(({ label }) => label).join(", "),
      cells: plan.cells.length,
    };
  },
  async plugin(what, options, context) {
    const registry = await registryFor(context, [...(options.plugin ?? []), what]);
    const [specifier] = specifiersFor({ ...context, builtIns: [] }, [what]);
    const names = (kind: Parameters<typeof registry.origin>[0], all: { name: string }[]) =>
      all.filter(({ name }) => registry.origin(kind, name) === specifier).map(({ name }) => name);
    const found = {
      trainers: names("trainers", registry.allTrainers()),
      suites: names("suites", registry.allSuites()),
      scorers: names("scorers", registry.allScorers()),
      reporters: names("reporters", registry.allReporters()),
      models: names("models", registry.allModels()),
      engines: names("engines", registry.allEngines()),
    };
    return Object.fromEntries(
      Object.entries(found)
        .filter(([, list]) => list.length > 0)
        .map(([kind, list]) => [kind, list.join(", ")]),
    );
  },
  async model(what, options, context) {
    const registry = await registryFor(context, options.plugin);
    const { directory } = await resolveReference(what, "model");
    const format = registry.modelFor(directory);
    return { format: format.name, ...(await format.inspect(directory)) };
  },
  async data(what, options, context) {
    const registry = await registryFor(context, options.plugin);
    const { name, location } = parseSuiteReference(what, process.cwd(), options.suite);
    const definition = registry.suite(name);
    const checked = checkOptions(definition.options, {}, `suite "${name}"`);
    const suite = await definition.load({ options: checked, quick: false, ...(location && { location }) });
    const rows = suite.tasks.map((task) => {
      const sizes = `${task.train.length} train, ${task.validation.length} validation, ${task.test.length} test`;
      return [task.id, `${sizes}; ${task.scorer.name}, at most ${task.maxNewTokens} tokens`];
    });
    return { suite: `${suite.name} ${suite.version}`, ...Object.fromEntries(rows), digest: suite.digest };
  },
  async run(what) {
    const { run, matrices, missing, notices } = readRun(resolve(what));
    const found: Findings = {
      run: run.id,
      "cells done": Object.keys(matrices).length,
      "cells missing": missing.length,
    };
    for (const [index, notice] of notices.entries()) found[`notice ${index + 1}`] = notice;
    return found;
  },
};
