import { type ConfigFlags, readConfig, resolveConfig } from "../config/index.js";
import type { Leaderboard } from "../contract/result.js";
import { buildLeaderboard } from "../metrics/index.js";
import { loadRegistry, type Registry } from "../plugins.js";
import type { RunOutcome } from "../run/execute.js";
import { planRun, type RunPlan } from "../run/plan/plan.js";
import { readRun, type StoredRun } from "../run/store/store.js";
import { type AppContext, specifiersFor } from "./context.js";
import { extensibleRun, mayBeExtended } from "./extensible-run.js";
import { observersOf, type RenderedReports, renderReport } from "./render-report.js";

/** What a run is asked for; each member wins over the configuration file. */
export interface SuiteRunOptions extends Omit<ConfigFlags, "reference"> {
  /** A configuration file in YAML or JSON. */
  config?: string;
}

/** A run before it starts. */
export interface PlannedSuiteRun {
  plan: RunPlan;
  registry: Registry;
}

/** A run after its last cell. */
export interface FinishedSuiteRun {
  outcome: RunOutcome;
  leaderboard: Leaderboard;
  stored: StoredRun;
  /** What the reporters wrote, and what kept one from writing. */
  reports: RenderedReports;
}

/**
 * Plans a run: reads the configuration, loads its plug-ins, checks the suite, the model and every option.
 *
 * @param reference a suite's name, a data directory, a Hub reference or name:location; that of the file without it.
 * @throws whatever is wrong with what was asked for.
 */
export async function planSuite(
  reference: string | undefined,
  { config: file, ...flags }: SuiteRunOptions,
  context: Pick<AppContext, "builtIns">,
): Promise<PlannedSuiteRun> {
  const request = readConfig(file, { ...flags, reference });
  const specifiers = specifiersFor(context, request.config.plugins);
  const registry = await loadRegistry(specifiers);
  const plan = await planRun(resolveConfig(request, registry), registry, specifiers);
  const extensible: RunPlan = { ...plan, mayExtend: mayBeExtended(plan.directory) };
  return { plan: { ...extensible, notices: [...plan.notices, ...extensibleRun(extensible)] }, registry };
}

/** Runs a plan, builds the leaderboard and renders the reports. A cell that fails is part of the outcome. */
export async function runSuite(
  { plan, registry }: PlannedSuiteRun,
  context: Pick<AppContext, "execute">,
): Promise<FinishedSuiteRun> {
  const { reporters, metrics: columns } = plan.config;
  const outcome = await context.execute(plan, observersOf(registry, plan.directory, { reporters }));
  const stored = readRun(outcome.directory);
  const leaderboard = buildLeaderboard(stored, registry.allMetrics());
  const reports = await renderReport(registry, outcome.directory, { reporters, columns });
  return { outcome, leaderboard, stored, reports };
}
