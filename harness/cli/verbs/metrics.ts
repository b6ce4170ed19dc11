import { type Command, Option } from "commander";
import picocolors from "picocolors";
import { registryFor } from "../../app/context.js";
import { displayWidth } from "../../contract/display-width.js";
import { BenchError } from "../../contract/errors.js";
import type { ResultTool } from "../../metrics/index.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";
import { twoColumns } from "../text/columns.js";

interface MetricsOptions extends CommonOptions {
  percent?: boolean;
  joint?: string;
  from?: ResultTool;
}

const tools: ResultTool[] = ["trace", "avalanche", "mammoth", "gem"];

/** `bench metrics <matrix>`: every metric of a matrix that anyone made. */
export function addMetrics(program: Command, context: CliContext): void {
  const command = program
    .command("metrics")
    .description("compute every metric of an accuracy matrix, also of other frameworks")
    .argument("<matrix>", "matrix.json, a .json, .csv or .tsv file of rows, or the results of the tool named by --from")
    .option("--percent", "the scores are on 0..100")
    .addOption(
      new Option(
        "--from <tool>",
        "tool that wrote the results: TRACE's directory, Avalanche's CSVLogger, Mammoth's logs.pyd, GEM's text",
      ).choices(tools),
    )
    .option("--joint <matrix>", "matrix of joint training on the same tasks, for the metrics that need it");
  withCommonOptions(command, [
    "bench metrics runs/trace-seq-1a2b3c4d/cells/0123456789abcdef/matrix.json",
    "bench metrics avalanche.csv --percent",
    "bench metrics ./predictions --from trace",
    "bench metrics matrix.json --json",
  ]).action(async (file: string, options: MetricsOptions) => {
    const { computeMetrics, metricsOfMatrices, readMatrix, resultReaders } = await import("../../metrics/index.js");
    const { from, percent = false, joint } = options;
    if (from !== undefined && percent) {
      throw new BenchError("USAGE", `the scale of ${from}'s scores is known`, { fix: "Leave --percent out." });
    }
    const read = from === undefined ? (path: string) => readMatrix(path, percent) : resultReaders[from];
    const matrix = read(file);
    const metrics = (await registryFor(context, options.plugin)).allMetrics();
    const values = computeMetrics(matrix, joint === undefined ? undefined : read(joint), metrics);
    const results = metricsOfMatrices(metrics).map(({ id, key, formula, source, higherIsBetter }) => {
      const { value, reason } = values[key]!;
      return { id, key, value, reason: reason ?? null, formula, source, higherIsBetter };
    });
    if (options.json) {
      printJson(context, { tasks: matrix.tasks, metrics: results, confusion: matrix.confusion });
      return;
    }
    const paint = picocolors.createColors(context.color);
    const names = Math.max(...results.map(({ id }) => displayWidth(id)));
    const lines = results.flatMap(({ id, value, reason, formula, source }) => {
      const shown = value === null ? "null" : value.toFixed(4);
      const why = value === null && reason !== null ? `; missing: ${reason}` : "";
      return twoColumns([[`${id.padEnd(names)} ${shown.padStart(9)}`, `${formula} [${source}]${why}`]], context.width);
    });
    for (const [task, { macroPrecision, macroRecall }] of Object.entries(matrix.confusion)) {
      const shown = (value: number | null) => value?.toFixed(4) ?? "null";
      lines.push(`  ${task}: macro precision ${shown(macroPrecision)}, macro recall ${shown(macroRecall)} (row T)`);
    }
    context.print(`${paint.bold(`${matrix.tasks.length} tasks`)}\n${lines.join("\n")}\n`);
  });
}
