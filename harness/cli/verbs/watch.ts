import { resolve } from "node:path";
import type { Command } from "commander";
import type { EvaluatedCheckpoint, EvaluateOptions } from "../../app/checkpoints/evaluate-checkpoint.js";
import type { JudgedCheckpoint } from "../../app/checkpoints/judge-checkpoint.js";
import { BenchError } from "../../contract/errors.js";
import { printable } from "../../contract/printable.js";
import type { Verdict } from "../../gate/judge.js";
import { type CliContext, type CommonOptions, noticePrinter, printLines, withCommonOptions } from "../context.js";
import { suiteArgument } from "../shared-options.js";
import { errorText } from "../text/error-text.js";
import { nearPath } from "../text/near-path.js";
import { seconds } from "../whole-number.js";
import { withEvaluationOptions } from "./evaluate.js";
import { marginOption, verdictExitCodes } from "./gate.js";

type Options = CommonOptions &
  EvaluateOptions & { interval: number; once?: boolean; against?: string; margin?: Record<string, number> };

/** `bench watch <directory>`: evaluates each checkpoint that appears in a directory. */
export function addWatch(program: Command, context: CliContext): void {
  const command = program
    .command("watch")
    .description("evaluate each checkpoint that appears in a directory, until Ctrl-C")
    .argument("<directory>", "where training writes its checkpoints: models or adapters, one directory each")
    .argument("[suite]", suiteArgument);
  withEvaluationOptions(command)
    .option("--base <reference>", "base model of adapters that do not name it")
    .optionsGroup("Watching:")
    .option(
      "--interval <seconds>",
      "how often to look; a checkpoint is complete when two looks find it unchanged",
      seconds(),
      10,
    )
    .option("--once", "evaluate the checkpoints that exist, and stop")
    .option(
      "--against <baseline>",
      "compare each checkpoint item by item, as `bench gate` does: `previous`, a run, a checkpoint or a blessed baseline",
    )
    .addOption(marginOption());
  withCommonOptions(command, [
    "bench watch ./output",
    "bench watch ./output trace-seq --quick --interval 60",
    "bench watch ./output --against previous --margin op=0.02 --margin probe:facts=0.05",
    "bench watch ./adapters --base hf://HuggingFaceTB/SmolLM2-135M --once --json",
  ]).action(async (directory: string, suite: string | undefined, options: Options) => {
    await watch(resolve(directory), suite, options, context);
  });
}

/** Prints a line (with `json`: an object) for each checkpoint, until Ctrl-C. */
async function watch(
  directory: string,
  suite: string | undefined,
  options: Options,
  context: CliContext,
): Promise<void> {
  const { watchCheckpoints } = await import("../../app/checkpoints/watch-checkpoints.js");
  const { judgedLines, watchLine } = await import("../text/evaluation-lines.js");
  const { executeRun } = await import("../../run/execute.js");
  const { silentDisplay } = await import("../../run/display/index.js");
  const { plugin: plugins, margin: margins, json, ...rest } = options;
  if (margins !== undefined && options.against === undefined) throw marginsOfNothing();
  const stopped = new AbortController();
  const cancellation = stopped.signal;
  const stop = (): void => stopped.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const printLine = (line: object): void => context.print(`${JSON.stringify(line)}\n`);
  let last: EvaluatedCheckpoint | undefined;
  const verdicts: Verdict[] = [];
  let unusable = 0;
  const evaluated = (checkpoint: EvaluatedCheckpoint, judged: JudgedCheckpoint | undefined): void => {
    const { registry, run, ...result } = checkpoint;
    if (json) printLine({ ...result, model: run.model.digest, suite: run.suite.digest, ...judged });
    else printLines(context, [watchLine(checkpoint, last), ...(judged ? judgedLines(judged, context) : [])]);
    if (judged !== undefined) verdicts.push(judged.gate.verdict);
    last = checkpoint;
  };
  const failed = (path: string, error: BenchError): void => {
    const { stack: _stack, ...record } = error.toRecord();
    if (json) printLine({ checkpoint: path, error: record });
    else
      context.stderr.write(`${printable(nearPath(path))}\n${errorText(error, { color: context.color, stack: false })}`);
    if (options.once) unusable = Math.max(unusable, error.exitCode);
  };
  const silent = {
    ...context,
    execute: (plan: Parameters<typeof executeRun>[0]) => executeRun(plan, { display: silentDisplay(), cancellation }),
  };
  try {
    const said = { evaluated, failed, notice: noticePrinter(context) };
    await watchCheckpoints(directory, suite, { ...rest, margins, plugins, cancellation, ...said }, silent);
    process.exitCode = unusable || worstExitCode(verdicts);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** That of the worst verdict: one that fails the gate is worse than one that it cannot decide. */
function worstExitCode(verdicts: readonly Verdict[]): number {
  const worst = (["fail", "inconclusive"] as const).find((verdict) => verdicts.includes(verdict));
  return verdictExitCodes[worst ?? "pass"];
}

const marginsOfNothing = (): BenchError =>
  new BenchError("USAGE", "--margin says how much worse is accepted, but nothing is compared", {
    fix: "Say what each checkpoint is judged against: --against previous, or a run, a checkpoint or a blessed baseline.",
  });
