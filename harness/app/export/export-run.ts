import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "../../plugins.js";
import { type ReadingOptions, readRun } from "../../run/store/store.js";
import { renderAgain } from "../render-report.js";
import { runTables } from "./run-tables.js";
import { writeParquetTable, writeTextTable } from "./table-files.js";

export interface ExportOptions extends ReadingOptions {
  /** `csv` for JSONL and CSV, `parquet`, or the name of a reporter, such as a tracker's. */
  to: string;
  /** Leaves text in CSV as it is, also what a spreadsheet would take for a formula. */
  exactCsv?: boolean;
}

/** Whether a format is tables; any other is the name of a reporter. */
export const isTables = (to: string): to is "csv" | "parquet" => to === "csv" || to === "parquet";

/**
 * Writes a run directory, finished or not, for other tools: predictions, matrices, metrics, curves and costs as tables, or
 * what a reporter makes of it.
 *
 * @returns the paths of the files.
 * @throws STORAGE where there is no run, DATA_INVALID where it is damaged, UNKNOWN_NAME for a format that no one has.
 */
export async function exportRun(
  directory: string,
  out: string,
  { to, exactCsv = false, notice }: ExportOptions,
  registry: Registry,
): Promise<string[]> {
  if (!isTables(to)) return renderAgain(registry, directory, { reporters: [to], out, notice });
  const stored = readRun(directory);
  for (const text of stored.notices) notice?.(text);
  const tables = runTables(stored, registry.allMetrics());
  mkdirSync(out, { recursive: true });
  const files: string[] = [];
  for (const table of tables) {
    const path = join(out, table.name);
    files.push(...(to === "csv" ? writeTextTable(table, path, !exactCsv) : await writeParquetTable(table, path)));
  }
  return files;
}
