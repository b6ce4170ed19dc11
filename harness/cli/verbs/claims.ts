import type { Command } from "commander";
import type { ClaimsOptions } from "../../app/plan-claims.js";
import { limits } from "../../config/limits.js";
import {
  type CliContext,
  type CommonOptions,
  commaSeparated,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { wholeNumber } from "../whole-number.js";

type Options = CommonOptions & ClaimsOptions & { list?: boolean; run?: string; dryRun?: boolean };

/** `bench claims [suite]`: the field's headline statements, put to the test. */
export function addClaims(program: Command, context: CliContext): void {
  const command = program
    .command("claims")
    .description(
      "test the field's headline statements as pre-registered hypotheses: supported, contradicted, undecided",
    )
    .argument("[suite]", "a suite's name, a data directory, hf://datasets/owner/name, or name:location")
    .option("--only <ids>", "which claims, separated by commas; all without it", commaSeparated)
    .option("--list", "list the claims with their sources, and stop")
    .option("--run <directory>", "judge by a run that is there already; nothing is run")
    .option("--orders <n>", "how many task orders; below three nothing is decided", wholeNumber(1, limits.orders), 3)
    .option(
      "--max-orders <n>",
      "register that the run may grow to so many task orders; as many as --orders without it",
      wholeNumber(1, limits.orders),
    )
    .option(
      "--looks <n>",
      "register how often the growing run may be judged; α is shared among the looks",
      wholeNumber(1, 100),
    )
    .option("--seeds <n>", "how many seeds, 1 to n", wholeNumber(1, limits.seeds), 2)
    .option("--workers <n>", "cells that run at a time; as many as cores without it", wholeNumber(1, limits.workers))
    .option("--threads <n>", "threads inside one cell", wholeNumber(1, limits.threads))
    .option("--device <device>", "cpu, webgpu or cuda; see `bench doctor`")
    .option("--engine <name>", "the engine that computes; see `bench list engines`")
    .option("--model <reference>", "base model: a directory or hf://owner/name[@revision]")
    .option("--suite <name>", "the suite that reads the location given")
    .option("--config <file>", "configuration: suite, model and plug-ins")
    .option("--quick", "a smaller, honest configuration, for smoke tests")
    .option("--out <directory>", "run directory; runs/claims-<suite>-<digest> without it")
    .option("--retry-failed", "run cells that failed before again")
    .option("--dry-run", "show the plan, the time and the disk that it will take, and stop");
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
    const record = await judgeStoredRun(run, { only: options.only, plugins }, context);
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
