import type { Command } from "commander";
import type { ClaimsOptions } from "../../app/plan-claims.js";
import { limits } from "../../config/limits.js";
import {
  type CliContext,
  type CommonOptions,
  commaSeparated,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { suiteArgument, withGridOptions } from "../shared-options.js";
import { wholeNumber } from "../whole-number.js";

type Options = CommonOptions & ClaimsOptions & { list?: boolean; run?: string; dryRun?: boolean };

/** `bench claims [suite]`: the field's headline statements, put to the test. */
export function addClaims(program: Command, context: CliContext): void {
  const command = program
    .command("claims")
    .description("test the field's headline claims as pre-registered hypotheses: supported, contradicted or undecided")
    .argument("[suite]", suiteArgument)
    .option("--only <ids>", "claims to test, separated by commas (default: all)", commaSeparated)
    .option("--list", "list the claims with their sources, and stop")
    .option("--run <directory>", "judge an existing run; nothing is run")
    .option("--orders <n>", "number of task orders; fewer than three decide nothing", wholeNumber(1, limits.orders), 3)
    .option(
      "--max-orders <n>",
      "register that the run may grow to this many task orders (default: --orders)",
      wholeNumber(1, limits.orders),
    )
    .option(
      "--looks <n>",
      "register how often the growing run may be judged; α is shared among the looks",
      wholeNumber(1, 100),
    )
    .option("--seeds <n>", "number of seeds: 1 to n", wholeNumber(1, limits.seeds), 2)
    .option("--config <file>", "configuration file, of which suite, model and plug-ins are used");
  withGridOptions(command).option("--out <directory>", "run directory (default: runs/claims-<suite>-<digest>)");
  withCommonOptions(command, [
    "bench claims --list",
    "bench claims trace-seq",
    "bench claims trace-seq --only replay-repairs-forgetting,ewc-forgets-less --orders 5",
    "bench claims trace-seq --orders 4 --max-orders 8 --looks 2",
    "bench claims ./my-data --model hf://HuggingFaceTB/SmolLM2-135M --dry-run",
    "bench claims --run runs/trace-seq-1a2b3c4d --json",
  ]).action((suite: string | undefined, options: Options) => act(suite, options, context));
}

/** Lists, judges a stored run, plans or runs. A verdict never changes the exit code. */
async function act(suite: string | undefined, options: Options, context: CliContext): Promise<void> {
  const { checkClaims, judgeStoredRun } = await import("../../app/check-claims.js");
  const { listClaims, planClaims } = await import("../../app/plan-claims.js");
  const { claimLines, claimListLines } = await import("../text/claims-lines.js");
  const { planLines } = await import("../text/plan-lines.js");
  const { json, plugin: plugins, list, run, dryRun, ...rest } = options;
  if (list) {
    const claims = await listClaims({ only: options.only, plugins }, context);
    if (json) printJson(context, { claims });
    else printLines(context, claimListLines(claims, context));
    return;
  }
  if (run !== undefined) {
    const record = await judgeStoredRun(run, { only: options.only, plugins, notice: noticePrinter(context) }, context);
    if (json) printJson(context, record);
    else printLines(context, claimLines(record, context));
    return;
  }
  const planned = await planClaims(suite, { ...rest, plugins }, context);
  if (dryRun) {
    const { directory, record, estimate } = planned.plan;
    if (json) printJson(context, { claims: planned.claims, directory, run: record, estimate });
    else printLines(context, planLines(planned.plan, context));
    return;
  }
  const { record, report, failed } = await checkClaims(planned, context);
  if (failed > 0) process.exitCode = 1;
  if (json) printJson(context, { ...record, report });
  else printLines(context, ["", ...claimLines(record, context, report)]);
}
