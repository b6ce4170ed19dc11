import { join, resolve } from "node:path";
import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import type { ExportOptions } from "../../app/export/export-run.js";
import {
  type CliContext,
  type CommonOptions,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";

/** `bench export <run>`: what a run holds, for other tools. */
export function addExport(program: Command, context: CliContext): void {
  const command = program
    .command("export")
    .description("write predictions, matrices, metrics and costs of a run for other tools")
    .argument("<run>", "a run directory")
    .option(
      "--to <format>",
      "csv (with JSONL), parquet, mlflow, tensorboard, wandb, or a reporter by name (default: csv)",
    )
    .option("--out <directory>", "output directory (default: <run>/export, and <run>/export/<format> for trackers)")
    .option(
      "--exact-csv",
      "leave text in CSV as it is (default: an apostrophe before what a spreadsheet would compute)",
    );
  withCommonOptions(command, [
    "bench export runs/trace-seq-1a2b3c4d",
    "bench export runs/trace-seq-1a2b3c4d --to parquet --out ~/analysis",
    "bench export runs/trace-seq-1a2b3c4d --to tensorboard --out logs   # tensorboard --logdir logs",
    "bench export runs/trace-seq-1a2b3c4d --to mlflow --out mlruns     # MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri mlruns",
    "bench export runs/trace-seq-1a2b3c4d --to wandb --out wandb        # wandb sync wandb/offline-run-*",
  ]).action(async (run: string, options: CommonOptions & Partial<ExportOptions> & { out?: string }) => {
    const { exportRun, isTables } = await import("../../app/export/export-run.js");
    const registry = await registryFor(context, options.plugin);
    const { to = "csv", out, ...rest } = options;
    const standard = join(run, "export", ...(isTables(to) ? [] : [to]));
    const files = await exportRun(
      resolve(run),
      resolve(out ?? standard),
      { to, ...rest, notice: noticePrinter(context) },
      registry,
    );
    if (options.json) printJson(context, { files });
    else printLines(context, files);
  });
}
