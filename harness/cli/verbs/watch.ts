import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type CliContext, withCommonOptions } from "../context.js";
import type { WatchOptions } from "../watch-checkpoints.js";
import { withEvaluationOptions } from "./evaluate.js";

/** `bench watch <directory>`: evaluates each checkpoint that appears in a directory. */
export function addWatch(program: Command, context: CliContext): void {
  const command = program
    .command("watch")
    .description("evaluate each checkpoint that appears in a directory, until Ctrl-C")
    .argument("<directory>", "where a training writes checkpoints: models or adapters, each a directory of its own")
    .argument("[suite]", "a suite's name, a data directory, hf://datasets/owner/name, or name:location");
  withEvaluationOptions(command)
    .option("--base <reference>", "the model that adapters belong to, where they do not say so themselves")
    .option(
      "--interval <seconds>",
      "between two looks; a checkpoint is complete when two looks see the same",
      seconds,
      10,
    )
    .option("--once", "evaluate what is there, and stop");
  withCommonOptions(command, [
    "bench watch ./output",
    "bench watch ./output trace-seq --quick --interval 60",
    "bench watch ./adapters --base hf://HuggingFaceTB/SmolLM2-135M --once --json",
  ]).action(async (directory: string, suite: string | undefined, options: WatchOptions) => {
    const { watchCheckpoints } = await import("../watch-checkpoints.js");
    await watchCheckpoints(resolve(directory), suite, options, context);
  });
}

function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("Give a number of seconds above 0.");
}
