import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import { type CliContext, type CommonOptions, commaSeparated, printJson, withCommonOptions } from "../context.js";

/** `bench compare <baseline> <candidate>`: two runs, two trainers, or two versions of a model. */
export function addCompare(program: Command, context: CliContext): void {
  const command = program
    .command("compare")
    .description("compare two runs, trainers or model versions: differences, intervals, answers that flipped, cost")
    .argument("<baseline>", "a run directory, or <run>:<trainer>")
    .argument("<candidate>", "a run directory, or <run>:<trainer>")
    .option("--metrics <keys>", "which metrics, separated by commas; `bench list metrics` lists them", commaSeparated)
    .option("--html <file>", "write the comparison as a page");
  withCommonOptions(command, [
    "bench compare runs/before runs/after",
    "bench compare runs/trace-seq-1a2b3c4d:sequential runs/trace-seq-1a2b3c4d:replay",
    "bench compare runs/before:replay runs/after:replay --metrics op,bwt,minAcc --json",
    "bench compare runs/before runs/after --html comparison.html",
  ]).action(
    async (baseline: string, candidate: string, options: CommonOptions & { metrics?: string[]; html?: string }) => {
      const { compareSides } = await import("../../gate/compare-sides.js");
      const { comparisonLines } = await import("../text/comparison-lines.js");
      const { allMetrics } = await registryFor(context, options.plugin);
      const comparisons = compareSides(baseline, candidate, options.metrics, allMetrics());
      if (options.html !== undefined) {
        const { renderResults } = await import("../../app/render-results.js");
        await renderResults(comparisons, options.html, context, options.plugin);
      }
      if (options.json) printJson(context, { comparisons });
      else
        context.print(
          `${comparisons.map((each) => comparisonLines(each, context).join("\n").trimEnd()).join("\n\n\n")}\n`,
        );
    },
  );
}
