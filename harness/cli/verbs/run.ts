import { type Command, Option } from "commander";
import type { FinishedSuiteRun, SuiteRunOptions } from "../../app/run-suite.js";
import { limits } from "../../config/limits.js";
import { splitTrainers } from "../../config/split-trainers.js";
import { severities } from "../../contract/alert.js";
import { BenchError } from "../../contract/errors.js";
import { isolationPolicies } from "../../contract/isolation.js";
import {
  type CliContext,
  type CommonOptions,
  commaSeparated,
  executeOnTerminal,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { suiteArgument, withGridOptions } from "../shared-options.js";
import { closingLines } from "../text/closing-lines.js";
import { errorText } from "../text/error-text.js";
import { wholeNumber } from "../whole-number.js";

type Options = CommonOptions & SuiteRunOptions & { reporter?: string[]; dryRun?: boolean; quiet?: boolean };

/** `bench run [suite]`: the main job. */
export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command("run")
    .description("train, measure and compare: trainers × orders × seeds on a suite; resumes or extends a run")
    .argument("[suite]", suiteArgument)
    .option(
      "--trainers <names>",
      "trainers to compare: names, files or command:<words>, separated by commas",
      splitTrainers,
    )
    .option(
      "--orders <n>",
      "number of task orders: the published ones first, then shuffles",
      wholeNumber(1, limits.orders),
    )
    .option("--seeds <n>", "number of seeds: 1 to n", wholeNumber(1, limits.seeds))
    .option("--config <file>", "configuration in YAML or JSON; flags override it")
    .option(
      "--from-checkpoint <cell>",
      "continue from <run>/<cell id>[:task] with the suite's remaining tasks (default trainer and seed: those of the cell)",
    )
    .option("--strict", "treat leaks, repeated rows and contradictions in the data as errors")
    .option(
      "--evaluate-every <steps>",
      "also measure earlier tasks after every n steps of a task, for the stability gap",
      wholeNumber(1, limits.evaluateEvery),
    )
    .option(
      "--evaluate-items <n>",
      "test items per task in these measurements (default: 40)",
      wholeNumber(1, limits.evaluateItems),
    )
    .addOption(
      new Option("--fail-on <severity>", "stop a cell after the task that raises an alert of this severity").choices([
        ...severities,
        "never",
      ]),
    )
    .addOption(
      new Option(
        "--isolate <when>",
        "keep plug-ins from the files of the run and its suite; auto: where possible",
      ).choices([...isolationPolicies]),
    );
  withGridOptions(command)
    .optionsGroup("Elsewhere:")
    .option("--on <where>", "where cells run: local, or an engine or its address; see `bench list launchers`")
    .option(
      "--store <place>",
      "what all machines see: a directory or s3://bucket/prefix (default: in the run directory)",
    )
    .optionsGroup("Output:")
    .option(
      "--out <directory>",
      "run directory (default: runs/<suite>-<digest>); one with fewer trainers, orders or seeds is extended",
    )
    .addOption(new Option("--keep-checkpoints <which>", "which checkpoints to keep").choices(["last", "all", "none"]))
    .option(
      "--reporter <names>",
      "reporters that render the run, separated by commas; see `bench list reporters`",
      commaSeparated,
    )
    .option("--quiet", "show no progress and no alerts on the terminal; the report still has them");
  withCommonOptions(command, [
    "bench run trace-seq",
    "bench run trace-seq --trainers sequential,replay --orders 3 --seeds 2 --out runs/mine",
    "bench run trace-seq --trainers sequential,replay,ewc --orders 5 --seeds 2 --out runs/mine",
    "bench run trace-seq --trainers sequential --fail-on critical",
    "bench run trace-seq --trainers sequential,replay --evaluate-every 20",
    "bench run ./my-data --model hf://HuggingFaceTB/SmolLM2-135M",
    'bench run trace-seq --quick --trainers "sequential,command:python3 my_method.py"',
    "bench run trace:./TRACE-Benchmark --dry-run",
    "bench run --config bench.yaml --on ray://head.cluster --store /shared/bench",
    "bench run ./my-data --from-checkpoint runs/folder-1a2b3c4d/0123456789abcdef",
    "bench run --config bench.yaml --json > result.json",
  ]).action((reference: string | undefined, options: Options) => act(reference, options, context));
}

/** Plans, runs, shows the leaderboard and where things are, and sets the exit code. */
async function act(reference: string | undefined, options: Options, context: CliContext): Promise<void> {
  const { planSuite, runSuite } = await import("../../app/run-suite.js");
  const { settledCells } = await import("../../run/store/extension.js");
  const { leaderboardLines } = await import("../text/leaderboard-table.js");
  const { planLines } = await import("../text/plan-lines.js");
  const { json, plugin: plugins, reporter: reporters, dryRun, quiet = false, ...rest } = options;
  const planned = await planSuite(reference, { ...rest, plugins, reporters }, context);
  const { plan } = planned;
  if (dryRun) {
    const { directory, record: run, estimate, memory } = plan;
    const settled = settledCells(plan);
    if (json) printJson(context, { directory, run, estimate, memory, ...settled });
    else printLines(context, planLines(plan, context, settled));
    return;
  }
  const execute: CliContext["execute"] = (toRun, observers) =>
    executeOnTerminal(toRun, observers, quiet ? undefined : context.stderr);
  const finished = await runSuite(planned, { ...context, execute });
  const { outcome, leaderboard, reports } = finished;
  const columns = plan.config.metrics?.map((key) => planned.registry.metric(key));
  if (!json) printLines(context, ["", ...leaderboardLines(leaderboard, context, columns)]);
  printErrors(finished, context);
  if (json) printJson(context, resultOf(finished));
  else printLines(context, ["", ...closingLines(outcome, plan.config, reports.report, context)]);
  if (outcome.status === "cancelled") process.exitCode = 130;
  else if (outcome.status === "failed" || reports.errors.length > 0) process.exitCode = 1;
}

function printErrors({ outcome, reports }: FinishedSuiteRun, context: CliContext): void {
  const failures = outcome.failures.map(({ cell, error }) => {
    const message = `${cell.trainer}, ${cell.order}, seed ${cell.seed}: ${error.message}`;
    return BenchError.fromRecord({ ...error, message });
  });
  const color = context.stderr.isTTY === true && context.color;
  for (const error of [...failures, ...reports.errors]) {
    context.stderr.write(errorText(error, { color, stack: false }));
  }
}

/** What `--json` prints. */
function resultOf({ outcome, leaderboard, stored, reports }: FinishedSuiteRun): object {
  const { status, failures } = outcome;
  const errors = failures.map(({ cell, error: { stack: _stack, ...error } }) => ({ cell, error }));
  const alerts = outcome.run.cells.flatMap((cell) => stored.cells[cell.id]!.alerts.map((alert) => ({ cell, alert })));
  return { ...leaderboard, status, report: reports.report, failures: errors, alerts };
}
