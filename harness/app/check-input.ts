import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { readConfig, resolveConfig } from "../config/index.js";
import { BenchError } from "../contract/errors.js";
import { resolveReference } from "../hub.js";
import { loadRegistry } from "../plugins.js";
import { planRun } from "../run/plan/plan.js";
import { readRun } from "../run/store/store.js";
import { verifyRun } from "../run/verify-run.js";
import { type AppContext, type InputKind, inputKinds, registryFor, specifiersFor } from "./context.js";
import { validateData } from "./validate-data.js";

/** How an input is to be checked. */
export interface ValidateOptions {
  /** What it is, where that cannot be inferred. */
  as?: InputKind;
  /** The suite that reads the data. */
  suite?: string;
  /** The model that data is measured with. */
  model?: string;
  /** Whether findings about data are errors. */
  strict?: boolean;
  plugins?: string[];
}

type Context = Pick<AppContext, "builtIns">;

/** What was found in something that is valid. */
type Findings = Record<string, string | number>;

/**
 * Checks data, a model, a plug-in, a configuration or a run directory as a run would, without running.
 *
 * @throws the error that a run would end with.
 */
export async function checkInput(
  what: string,
  options: ValidateOptions,
  context: Context,
): Promise<{ kind: InputKind; findings: Findings }> {
  const kind = options.as ?? (await kindOf(what, context));
  return { kind, findings: await checks[kind](what, options, context) };
}

async function kindOf(what: string, context: Context): Promise<InputKind> {
  if (what.startsWith("hf://")) return what.startsWith("hf://datasets/") ? "data" : "model";
  if (!isDirectory(what)) {
    if (/\.(ya?ml|json)$/.test(what)) return "config";
    if (/\.[cm]?[jt]s$/.test(what) || what.startsWith("command:")) return "plugin";
    if (!existsSync(what)) return "data"; // a suite's name, or a path whose error the suite tells
    throw new BenchError("USAGE", `what ${what} is cannot be recognized`, {
      fix: `Say so with --as ${inputKinds.join("|")}.`,
    });
  }
  if (existsSync(join(what, "run.json"))) return "run";
  const models = (await registryFor(context)).allModels();
  return models.some((format) => format.recognizes(resolve(what))) ? "model" : "data";
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const checks: Record<InputKind, (what: string, options: ValidateOptions, context: Context) => Promise<Findings>> = {
  async config(what, options, context) {
    const request = readConfig(what, { plugins: options.plugins, strict: options.strict });
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
    const registry = await registryFor(context, [...(options.plugins ?? []), what]);
    const [specifier] = specifiersFor({ builtIns: [] }, [what]);
    const kinds = ["trainers", "suites", "scorers", "reporters", "models", "engines", "launchers"] as const;
    const found = kinds.map((kind) => [kind, registry.namesOf(kind, specifier!).join(", ")] as const);
    return Object.fromEntries(found.filter(([, names]) => names !== ""));
  },
  async model(what, options, context) {
    const registry = await registryFor(context, options.plugins);
    const { directory } = await resolveReference(what, "model");
    const format = registry.modelFor(directory);
    const { modalities = ["text"], chatTemplate, notes = [], ...model } = await format.inspect(directory);
    const numbered = notes.map((note, index) => [`note ${index + 1}`, note] as const);
    return {
      format: format.name,
      ...model,
      inputs: modalities.join(", "),
      "chat template": chatTemplate === true ? "yes" : "no",
      ...Object.fromEntries(numbered),
    };
  },
  async data(what, options, context) {
    return validateData(what, options, await registryFor(context, options.plugins));
  },
  async run(what) {
    const stored = readRun(resolve(what));
    const { run, matrices, missing, notices } = stored;
    const { files, checkpoints } = verifyRun(stored);
    const found: Findings = {
      run: run.id,
      "cells done": Object.keys(matrices).length,
      "cells missing": missing.length,
      "files compared with their digests": files,
      "checkpoints compared": checkpoints,
    };
    for (const [index, notice] of notices.entries()) found[`notice ${index + 1}`] = notice;
    return found;
  },
};
