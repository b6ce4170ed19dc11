import { type Command, Option } from "commander";
import type { TuneOptions } from "../../app/tune-trainer.js";
import { limits } from "../../config/limits.js";
import { BenchError } from "../../contract/errors.js";
import type { RunPlan } from "../../run/plan/plan.js";
import {
  type CliContext,
  type CommonOptions,
  commaSeparated,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { suiteArgument, withGridOptions } from "../shared-options.js";
import { wholeNumber } from "../whole-number.js";

type Options = CommonOptions & TuneOptions & { dryRun?: boolean; all?: boolean; only?: string[] };

/** `bench tune <trainer> [suite]`: options for a trainer, by validation data of the first tasks alone. */
export function addTune(program: Command, context: CliContext): void {
  const command = program
    .command("tune")
    .description(
      "search a trainer's options on validation data of the first tasks; test data and later tasks are not used",
    )
    .argument("[trainer]", "a name, a label of the configuration, a file or command:<words>; none with --all")
    .argument("[suite]", suiteArgument)
    .option("--all", "search every trainer that declares a space, with one budget, order and seeds for all")
    .option("--only <names>", "with --all: only these trainers, separated by commas", commaSeparated)
    .addOption(new Option("--search <kind>", "search strategy").choices(["random", "halving"]).default("random"))
    .option("--space <file>", "search space in YAML or JSON (default: the one that the trainer declares)")
    .option("--candidates <n>", "number of configurations, the default one included", wholeNumber(1, 1000), 12)
    .option("--tasks <n>", "number of tasks, from the start of the order", wholeNumber(1, 1000), 3)
    .option(
      "--order <name>",
      "task order (default: the suite's first; with --all `apart`: shuffle-9, or a smaller suite's last, so that tables leave it out)",
    )
    .option(
      "--seeds <n>",
      "seeds of each candidate: 11, 12 and so on, which `bench run` does not use",
      wholeNumber(1, limits.seeds),
      2,
    )
    .option("--objective <metric>", "metric to optimize; see `bench list metrics`", "op")
    .option(
      "--eta <n>",
      "halving: each rung keeps the best 1/n and gets about n times the tasks",
      wholeNumber(2, 1000),
      2,
    )
    .option("--seed <n>", "seed of the search", wholeNumber(1, 999_999_999), 1)
    .option("--config <file>", "configuration file: suite, model, plug-ins and the options that are not searched");
  withGridOptions(command).option("--out <directory>", "output directory (default: tunings/<trainer>-<digest>)");
  withCommonOptions(command, [
    "bench tune ewc trace-seq",
    "bench tune ewc trace-seq --search halving --candidates 16 --tasks 4",
    "bench tune replay ./my-data --objective bwt --space space.yaml",
    "bench tune --all trace-seq --candidates 4 --seeds 1 --dry-run",
    "bench tune composed --config bench.yaml --space space.yaml --dry-run",
    "bench run --config tunings/ewc-1a2b3c4d/tuned.yaml --orders 3 --seeds 2",
  ]).action(async (trainer: string | undefined, suite: string | undefined, options: Options) => {
    if (options.all) return searchAll(trainer, suite, options, context);
    if (trainer === undefined) {
      throw new BenchError("USAGE", "no trainer is named", { fix: "Name one, or search all of them with --all." });
    }
    const { planTuning, tuneTrainer } = await import("../../app/tune-trainer.js");
    const { searchPlanLines, tuneLines } = await import("../text/tune-lines.js");
    const { json, plugin: plugins, dryRun, ...rest } = options;
    if (dryRun) {
      const { request, plans } = await planTuning(trainer, suite, { ...rest, plugins }, context);
      if (json) printJson(context, plans.map(shownPlan));
      else printLines(context, searchPlanLines(request, plans, context));
      return;
    }
    const { record, config } = await tuneTrainer(trainer, suite, { ...rest, plugins }, context);
    if (json) printJson(context, { ...record, config });
    else printLines(context, ["", ...tuneLines(record, config, context)]);
  });
}

const shownPlan = ({ directory, record, estimate }: RunPlan) => ({ directory, run: record, estimate });

/** `bench tune --all [suite]`: the one argument is the suite. */
async function searchAll(
  suite: string | undefined,
  second: string | undefined,
  { json, plugin: plugins, dryRun, all: _all, only, ...rest }: Options,
  context: CliContext,
): Promise<void> {
  if (second !== undefined) {
    throw new BenchError("USAGE", `--all takes a suite alone, not "${second}" too`, {
      fix: "Leave the trainer's name out, or use --only <names>.",
    });
  }
  const { planAll, tuneAll } = await import("../../app/tune-all.js");
  const { planAllLines, tuneAllLines } = await import("../text/tune-all-lines.js");
  if (dryRun) {
    const searches = await planAll(suite, only, { ...rest, plugins }, context);
    const planned = searches.planned.map(({ trainer, plans }) => ({ trainer, rungs: plans.map(shownPlan) }));
    if (json) printJson(context, { ...searches, planned });
    else printLines(context, planAllLines(searches, context));
    return;
  }
  const announce = (trainer: string, place: number, count: number) =>
    context.stderr.write(`${trainer}, ${place} of ${count} trainers\n`);
  const result = await tuneAll(suite, only, { ...rest, plugins }, context, announce);
  if (json) printJson(context, result);
  else printLines(context, ["", ...tuneAllLines(result, context)]);
  if (result.failed.length > 0) process.exitCode = 1;
}
