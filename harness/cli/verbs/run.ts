import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ConfigFlags, readConfig, resolveConfig, splitTrainers } from "../../config/index.js";
import type { RunConfig } from "../../contract/config.js";
import { BenchError, toBenchError } from "../../contract/errors.js";
import { buildLeaderboard } from "../../metrics/index.js";
import { loadRegistry, type Registry } from "../../plugins.js";
import { chooseDisplay } from "../../run/display/index.js";
import { executeRun, type RunOutcome } from "../../run/execute.js";
import { withInterrupts } from "../../run/interrupt.js";
import { planRun } from "../../run/plan.js";
import { readRun } from "../../run/store.js";
import { closingLines } from "../closing-lines.js";
import { type CliContext, type CommonOptions, printJson, specifiersFor, withCommonOptions } from "../context.js";
import { errorText } from "../error-text.js";
import { leaderboardLines } from "../leaderboard-table.js";
import { planLines } from "../plan-lines.js";

interface RunOptions extends CommonOptions, Omit<ConfigFlags, "trainers" | "plugins" | "reference"> {
  trainers?: string[];
  config?: string;
  dryRun?: boolean;
}

/** `bench run [suite]`: the main job. */
export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command("run")
    .description("train, measure and compare: trainers × orders × seeds on a suite, resumed where it was left")
    .argument("[suite]", "a suite's name, a data directory, hf://datasets/owner/name, or name:location")
    .option(
      "--trainers <names>",
      "what is compared: names, files or command:<words>, separated by commas",
      splitTrainers,
    )
    .option("--seeds <n>", "how many seeds, 1 to n", positive)
    .option("--orders <n>", "how many task orders: published ones, then shuffles", positive)
    .option("--workers <n>", "cells that run at a time; as many as cores without it", positive)
    .option("--threads <n>", "threads inside one cell", positive)
    .option("--device <device>", "cpu, webgpu or cuda; see `bench doctor`")
    .option("--model <reference>", "base model: a directory or hf://owner/name[@revision]")
    .option("--suite <name>", "the suite that reads the location given")
    .option("--config <file>", "configuration in YAML or JSON; flags win over it")
    .option("--quick", "a smaller, honest configuration, for smoke tests")
    .option("--out <directory>", "run directory; runs/<suite>-<digest> without it")
    .option("--retry-failed", "run cells that failed before again")
    .addOption(new Option("--keep-checkpoints <which>", "which checkpoints stay").choices(["last", "all", "none"]))
    .option("--dry-run", "show the plan, the time and the disk that it will take, and stop");
  withCommonOptions(command, [
    "bench run trace-seq",
    "bench run trace-seq --trainers sequential,replay --orders 3 --seeds 2",
    "bench run ./my-data --model hf://HuggingFaceTB/SmolLM2-135M",
    'bench run trace-seq --quick --trainers "sequential,command:python3 my_method.py"',
    "bench run trace:./TRACE-Benchmark --dry-run",
    "bench run --config bench.yaml --json > result.json",
  ]).action((reference: string | undefined, options: RunOptions) => run(reference, options, context));
}

async function run(reference: string | undefined, options: RunOptions, context: CliContext): Promise<void> {
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
  const leaderboard = buildLeaderboard(readRun(directory));
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
    printJson(context, { ...leaderboard, status, report: page, failures: errors });
  } else {
    context.print(`\n${closingLines(outcome, config, page, context).join("\n")}\n`);
  }
  if (outcome.status === "cancelled") process.exitCode = 130;
  else if (outcome.status === "failed" || report instanceof BenchError) process.exitCode = 1;
}

/** The path of the page; an error when it could not be made, which must not hide the results; undefined without a reporter. */
async function renderReport(registry: Registry, directory: string): Promise<string | BenchError | undefined> {
  const reporter = registry.allReporters().find(({ name }) => name === "html");
  if (reporter === undefined) return undefined;
  try {
    const out = join(directory, "report");
    await reporter.render(directory, out);
    return readdirSync(out).includes("index.html") ? join(out, "index.html") : undefined;
  } catch (error) {
    return toBenchError(error, "PLUGIN_FAILED");
  }
}

function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number of at least 1.");
}
