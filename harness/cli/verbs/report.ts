import { join, resolve } from "node:path";
import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import { requireRunRecord } from "../../run/store/store.js";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";

/** `bench report <run>`: renders a run directory again, finished or not. */
export function addReport(program: Command, context: CliContext): void {
  const command = program
    .command("report")
    .description("render the report of a run directory, finished or not")
    .argument("<run>", "a run directory")
    .option("--reporter <name>", "a name from `bench list reporters`", "html")
    .option("--out <directory>", "where to write; <run>/report without it");
  withCommonOptions(command, [
    "bench report runs/trace-seq-1a2b3c4d",
    "bench report runs/trace-seq-1a2b3c4d --reporter markdown --out site",
  ]).action(async (run: string, options: CommonOptions & { reporter: string; out?: string }) => {
    const registry = await registryFor(context, options.plugin);
    const reporter = registry.reporter(options.reporter);
    const directory = resolve(run);
    requireRunRecord(directory);
    const files = await reporter.render(directory, resolve(options.out ?? join(run, "report")));
    if (options.json) printJson(context, { files });
    else printLines(context, files);
  });
}
