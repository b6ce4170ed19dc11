import { type ConfigFlags, readConfig, resolveConfig } from "../config/index.js";
import type { RunConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import { buildLeaderboard } from "../metrics/index.js";
import { loadRegistry, type Registry } from "../plugins.js";
import { chooseDisplay } from "../run/display/index.js";
import { executeRun, type RunOutcome } from "../run/execute.js";
import { withInterrupts } from "../run/interrupt.js";
import { planRun } from "../run/plan/plan.js";
import { readRun } from "../run/store/store.js";
import { type CliContext, type CommonOptions, printJson, specifiersFor } from "./context.js";
import { renderReport } from "./render-report.js";
import { closingLines } from "./text/closing-lines.js";
import { errorText } from "./text/error-text.js";
import { leaderboardLines } from "./text/leaderboard-table.js";
import { planLines } from "./text/plan-lines.js";

/** What `bench run` was given beside its argument. */
export interface RunOptions extends CommonOptions, Omit<ConfigFlags, "trainers" | "plugins" | "reference"> {
  trainers?: string[];
  config?: string;
  dryRun?: boolean;
}

/** From the command line to the leaderboard, the report and the exit code. */
export async function runSuite(reference: string | undefined, options: RunOptions, context: CliContext): Promise<void> {
  const { config: file, dryRun, json, plugin, ...rest } = options;
  const request = readConfig(file, { ...rest, reference, plugins: plugin });
  const specifiers = specifiersFor(context, request.config.plugins);
  const registry = await loadRegistry(specifiers);
  const plan = await planRun(resolveConfig(request, registry), registry, specifiers);
  if (dryRun) {
    const { record, estimate, directory } = plan;
    if (json) printJson(context, { directory, run: record, estimate });
    else context.print(`${planLines(plan, context).join("\n")}\n`);
    return;
  }
  const display = chooseDisplay(process.stderr);
  const outcome = await withInterrupts(display, (cancellation) => executeRun(plan, { display, cancellation }));
  await conclude(outcome, plan.config, registry, json === true, context);
}

/** Everything after the last cell: leaderboard, report, hints, exit code. */
async function conclude(
  outcome: RunOutcome,
  config: RunConfig,
  registry: Registry,
  json: boolean,
  context: CliContext,
): Promise<void> {
  const { directory } = outcome;
  const stored = readRun(directory);
  const leaderboard = buildLeaderboard(stored);
  if (!json) context.print(`\n${leaderboardLines(leaderboard, context).join("\n")}\n`);
  const report = await renderReport(registry, directory);
  const color = process.stderr.isTTY === true && context.color;
  for (const { cell, error } of outcome.failures) {
    const named = { ...error, message: `${cell.trainer}, ${cell.order}, seed ${cell.seed}: ${error.message}` };
    process.stderr.write(errorText(BenchError.fromRecord(named), { color, stack: false }));
  }
  if (report instanceof BenchError) process.stderr.write(errorText(report, { color, stack: false }));
  const page = typeof report === "string" ? report : null;
  if (json) {
    const { status, failures } = outcome;
    const errors = failures.map(({ cell, error: { stack: _stack, ...error } }) => ({ cell, error }));
    const alerts = outcome.run.cells.flatMap((cell) => stored.cells[cell.id]!.alerts.map((alert) => ({ cell, alert })));
    printJson(context, { ...leaderboard, status, report: page, failures: errors, alerts });
  } else {
    context.print(`\n${closingLines(outcome, config, page, context).join("\n")}\n`);
  }
  if (outcome.status === "cancelled") process.exitCode = 130;
  else if (outcome.status === "failed" || report instanceof BenchError) process.exitCode = 1;
}
