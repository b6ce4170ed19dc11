import { absoluteSpecifier } from "../config/specifier.js";
import type { Registry } from "../plugins.js";
import type { RunObserver } from "../run/display/observed.js";
import type { RunOutcome } from "../run/execute.js";
import type { RunPlan } from "../run/plan/plan.js";

/** What every service works with. */
export interface AppContext {
  /** Specifiers of the built-in plug-ins. */
  builtIns: readonly string[];
  /** Runs a plan to its end or until it is cancelled, and shows its progress to whoever asked for it. */
  execute(plan: RunPlan, observers?: readonly RunObserver[]): Promise<RunOutcome>;
}

/** What can be listed and shown. */
export const catalogKinds = [
  "suites",
  "trainers",
  "scorers",
  "metrics",
  "models",
  "reporters",
  "engines",
  "launchers",
] as const;
export type CatalogKind = (typeof catalogKinds)[number];

/** What can be validated. */
export const inputKinds = ["config", "plugin", "model", "data", "run"] as const;
export type InputKind = (typeof inputKinds)[number];

/** Specifiers of all plug-ins: the built-in ones, then the given ones, with paths from the working directory. */
export function specifiersFor({ builtIns }: Pick<AppContext, "builtIns">, plugins: readonly string[] = []): string[] {
  return [...builtIns, ...plugins.map((specifier) => absoluteSpecifier(specifier, process.cwd()))];
}

/** Loads the built-in plug-ins and the given ones. */
export async function registryFor(
  context: Pick<AppContext, "builtIns">,
  plugins: readonly string[] = [],
): Promise<Registry> {
  const { loadRegistry } = await import("../plugins.js"); // not for --help: it takes a third of a second
  return loadRegistry(specifiersFor(context, plugins));
}
