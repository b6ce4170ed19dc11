import { join, resolve } from "node:path";
import type { Command } from "commander";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";

/** `bench export <run>`: predictions and matrices as JSONL and CSV, for other tools. */
export function addExport(program: Command, context: CliContext): void {
  const command = program
    .command("export")
    .description("write predictions and matrices of a run as JSONL and CSV")
    .argument("<run>", "a run directory")
    .option("--out <directory>", "output directory (default: <run>/export)")
    .option(
      "--exact-csv",
      "leave text in CSV as it is (default: an apostrophe before what a spreadsheet would compute)",
    );
  withCommonOptions(command, [
    "bench export runs/trace-seq-1a2b3c4d",
    "bench export runs/trace-seq-1a2b3c4d --out ~/analysis",
  ]).action(async (run: string, options: CommonOptions & { out?: string; exactCsv?: boolean }) => {
    const { exportRun } = await import("../../app/export-run.js");
    const files = exportRun(resolve(run), resolve(options.out ?? join(run, "export")), options);
    if (options.json) printJson(context, { files });
    else printLines(context, files);
  });
}
