import { resolve } from "node:path";
import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import {
  type CliContext,
  type CommonOptions,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";

interface HistoryOptions extends CommonOptions {
  suite?: string;
  trainer?: string;
  out?: string;
}

/** `bench history <runs…>`: versions over time, with the steps between them. */
export function addHistory(program: Command, context: CliContext): void {
  const command = program
    .command("history")
    .description("plot each metric over model versions, with level changes marked, in the terminal and as a page")
    .argument("[runs...]", "run directories, or directories that contain them (default: runs)")
    .option("--suite <name>", "only runs of this suite: its name, or the beginning of its digest")
    .option("--trainer <label>", "only runs of this trainer")
    .option("--out <directory>", "write the page into this directory");
  withCommonOptions(command, [
    "bench history",
    "bench history runs --suite trace-seq --trainer frozen --out history",
    "bench history runs/before runs/after --json",
  ]).action(async (given: string[], options: HistoryOptions) => {
    const { readHistory } = await import("../../app/read-history.js");
    const { historyLines } = await import("../text/history-lines.js");
    const { contextOf, reporterThat } = await import("../../app/render-report.js");
    const registry = await registryFor(context, options.plugin);
    const paths = (given.length === 0 ? ["runs"] : given).map((path) => resolve(path));
    const history = readHistory(paths, { ...options, notice: noticePrinter(context) }, registry.allMetrics());
    const write = async (out: string) =>
      (await reporterThat(registry, "renderHistory").renderHistory?.(history, out, contextOf(registry))) ?? [];
    const files = options.out === undefined ? [] : await write(resolve(options.out));
    if (options.json) printJson(context, { ...history, files });
    else printLines(context, [...historyLines(history, context), ...files.map((file) => `\npage  ${file}`)]);
  });
}
