import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { EvaluatedCheckpoint, EvaluateOptions } from "../../app/evaluate-checkpoint.js";
import type { BenchError } from "../../contract/errors.js";
import { printable } from "../../contract/printable.js";
import { type CliContext, type CommonOptions, withCommonOptions } from "../context.js";
import { suiteArgument } from "../shared-options.js";
import { errorText } from "../text/error-text.js";
import { nearPath } from "../text/near-path.js";
import { withEvaluationOptions } from "./evaluate.js";

type Options = CommonOptions & EvaluateOptions & { interval: number; once?: boolean };

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
      seconds,
      10,
    )
    .option("--once", "evaluate the checkpoints that exist, and stop");
  withCommonOptions(command, [
    "bench watch ./output",
    "bench watch ./output trace-seq --quick --interval 60",
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
  const { watchCheckpoints } = await import("../../app/watch-checkpoints.js");
  const { watchLine } = await import("../text/evaluation-lines.js");
  const { executeRun } = await import("../../run/execute.js");
  const { silentDisplay } = await import("../../run/display/index.js");
  const { plugin: plugins, json, ...rest } = options;
  const stopped = new AbortController();
  const cancellation = stopped.signal;
  const stop = (): void => stopped.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  let last: EvaluatedCheckpoint | undefined;
  const evaluated = (checkpoint: EvaluatedCheckpoint): void => {
    const { registry, run, ...result } = checkpoint;
    const line = { ...result, model: run.model.digest, suite: run.suite.digest };
    context.print(`${json ? JSON.stringify(line) : watchLine(checkpoint, last)}\n`);
    last = checkpoint;
  };
  const failed = (path: string, error: BenchError): void => {
    const { stack: _stack, ...record } = error.toRecord();
    if (json) context.print(`${JSON.stringify({ checkpoint: path, error: record })}\n`);
    else
      process.stderr.write(`${printable(nearPath(path))}\n${errorText(error, { color: context.color, stack: false })}`);
    if (options.once) process.exitCode = Math.max(Number(process.exitCode ?? 0), error.exitCode);
  };
  const silent = {
    ...context,
    execute: (plan: Parameters<typeof executeRun>[0]) => executeRun(plan, { display: silentDisplay(), cancellation }),
  };
  try {
    await watchCheckpoints(directory, suite, { ...rest, plugins, cancellation, evaluated, failed }, silent);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0 && Number(text) <= 86_400) return Number(text);
  throw new InvalidArgumentError("Give a number of seconds above 0, at most 86400.");
}
