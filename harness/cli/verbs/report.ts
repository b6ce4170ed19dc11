import { resolve } from "node:path";
import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import {
  type CliContext,
  type CommonOptions,
  commaSeparated,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";

/** `bench report <run>`: renders a run directory again, finished or not. */
export function addReport(program: Command, context: CliContext): void {
  const command = program
    .command("report")
    .description("render the report of a run directory, finished or not")
    .argument("<run>", "a run directory")
    .option(
      "--reporter <names>",
      "names from `bench list reporters`, separated by commas (default: the default reporters)",
      commaSeparated,
    )
    .option("--out <directory>", "output directory (default: <run>/report)");
  withCommonOptions(command, [
    "bench report runs/trace-seq-1a2b3c4d",
    "bench report runs/trace-seq-1a2b3c4d --reporter markdown --out site",
  ]).action(async (run: string, options: CommonOptions & { reporter?: string[]; out?: string }) => {
    const { renderAgain } = await import("../../app/render-report.js");
    const registry = await registryFor(context, options.plugin);
    const { reporter: reporters, out } = options;
    const where = out === undefined ? {} : { out: resolve(out) };
    const files = await renderAgain(registry, resolve(run), { reporters, ...where, notice: noticePrinter(context) });
    if (options.json) printJson(context, { files });
    else printLines(context, files);
  });
}
