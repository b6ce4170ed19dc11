import { type Command, Option } from "commander";
import type { TuneOptions } from "../../app/tune-trainer.js";
import { limits } from "../../config/limits.js";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";
import { wholeNumber } from "../whole-number.js";

type Options = CommonOptions & TuneOptions & { dryRun?: boolean };

/** `bench tune <trainer> [suite]`: options for a trainer, by validation data of the first tasks alone. */
export function addTune(program: Command, context: CliContext): void {
  const command = program
    .command("tune")
    .description("search a trainer's options on validation data of the first tasks; no test data, no later tasks")
    .argument("<trainer>", "a name, a label of the configuration, a file or command:<words>")
    .argument("[suite]", "a suite's name, a data directory, hf://datasets/owner/name, or name:location")
    .addOption(
      new Option("--search <kind>", "how candidates are searched").choices(["random", "halving"]).default("random"),
    )
    .option("--space <file>", "what is searched, in YAML or JSON; the space that the trainer declares without it")
    .option("--candidates <n>", "configurations, the default one among them", wholeNumber(1, 1000), 12)
    .option("--tasks <n>", "how many tasks, the first of the order", wholeNumber(1, 1000), 3)
    .option("--order <name>", "the task order; the suite's first without it")
    .option(
      "--seeds <n>",
      "seeds of each candidate: 11, 12 and so on, others than those of `bench run`",
      wholeNumber(1, limits.seeds),
      2,
    )
    .option("--objective <metric>", "what is optimized; see `bench list metrics`", "op")
    .option("--eta <n>", "halving: a rung keeps the best 1/n, and has about n times the tasks", wholeNumber(2, 1000), 2)
    .option("--seed <n>", "keys the draws of candidates", wholeNumber(1, 999_999_999), 1)
    .option("--workers <n>", "cells that run at a time; as many as cores without it", wholeNumber(1, limits.workers))
    .option("--threads <n>", "threads inside one cell", wholeNumber(1, limits.threads))
    .option("--device <device>", "cpu, webgpu or cuda; see `bench doctor`")
    .option("--engine <name>", "the engine that computes; see `bench list engines`")
    .option("--model <reference>", "base model: a directory or hf://owner/name[@revision]")
    .option("--suite <name>", "the suite that reads the location given")
    .option("--config <file>", "configuration: suite, model, plug-ins, and options that are not searched")
    .option("--quick", "a smaller, honest configuration, for smoke tests")
    .option("--out <directory>", "where it goes; tunings/<trainer>-<digest> without it")
    .option("--retry-failed", "run cells that failed before again")
    .option("--dry-run", "show the candidates, the time and the disk that it will take, and stop");
  withCommonOptions(command, [
    "bench tune ewc trace-seq",
    "bench tune ewc trace-seq --search halving --candidates 16 --tasks 4",
    "bench tune replay ./my-data --objective bwt --space space.yaml",
    "bench tune composed --config bench.yaml --space space.yaml --dry-run",
    "bench run --config tunings/ewc-1a2b3c4d/tuned.yaml --orders 3 --seeds 2",
  ]).action(async (trainer: string, suite: string | undefined, options: Options) => {
    const { planTuning, tuneTrainer } = await import("../../app/tune-trainer.js");
    const { searchPlanLines, tuneLines } = await import("../text/tune-lines.js");
    const { json, plugin: plugins, dryRun, ...rest } = options;
    if (dryRun) {
      const { request, plans } = await planTuning(trainer, suite, { ...rest, plugins }, context);
      const shown = plans.map(({ directory, record, estimate }) => ({ directory, run: record, estimate }));
      if (json) printJson(context, shown);
      else printLines(context, searchPlanLines(request, plans, context));
      return;
    }
    const { record, config } = await tuneTrainer(trainer, suite, { ...rest, plugins }, context);
    if (json) printJson(context, { ...record, config });
    else printLines(context, ["", ...tuneLines(record, config, context)]);
  });
}
