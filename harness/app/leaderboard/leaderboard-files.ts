import { join } from "node:path";
import { pathInside } from "../../contract/files/foreign-path.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { Board, BoardRow } from "../../contract/results/board.js";
import type { Privileges } from "../../contract/trainer.js";
import type { Registry } from "../../plugins.js";
import { type MeasuredRun, publishedPath, publishedText } from "../../run/store/published-run.js";
import { csvLine } from "../export/csv.js";
import { contextOf, reporterThat } from "../render-report.js";

/**
 * Writes the directory of a leaderboard: `leaderboard.json`, `leaderboard.csv`, `runs/<id>.json` of each run that was
 * merged, and the page. The directory can be merged again.
 *
 * @returns the paths of the files.
 */
export async function writeLeaderboard(
  board: Board,
  runs: readonly MeasuredRun[],
  registry: Registry,
  out: string,
): Promise<string[]> {
  const files: [string, string][] = [
    ["leaderboard.json", `${JSON.stringify(board, null, 2)}\n`],
    ["leaderboard.csv", leaderboardCsv(board)],
    ...runs.map((run): [string, string] => [publishedPath(run.run), publishedText(run)]),
  ];
  for (const [path, text] of files) writeFileAtomically(pathInside(out, path), text);
  const pages = (await reporterThat(registry, "renderBoard").renderBoard?.(board, out, contextOf(registry))) ?? [];
  return [...pages, ...files.map(([path]) => join(out, path))];
}

/** One line for each entry, one column for each metric with its interval and for each cost. */
export function leaderboardCsv({ leaderboard }: Board): string {
  const metrics = keysOf(leaderboard.map((row) => row.metrics));
  const costs = keysOf(leaderboard.map((row) => row.cost));
  const header = [
    ...[
      "id",
      "trainer",
      "model",
      "engine",
      "quick",
      "past_data",
      "isolation",
      "best_rank",
      "worst_rank",
      "cells",
      "planned",
    ],
    ...metrics.flatMap((key) => [key, `${key}_low`, `${key}_high`]),
    ...costs,
  ];
  const line = ({ rank, cells, privileges, isolation, ...row }: BoardRow) =>
    csvLine(
      [
        ...[row.id, row.trainer, row.model.reference, row.engine, row.quick],
        pastDataText(privileges.pastData),
        isolation,
        ...[rank?.best, rank?.worst, cells.done, cells.planned],
        ...metrics.flatMap((key) => [row.metrics[key]?.mean, row.metrics[key]?.low, row.metrics[key]?.high]),
        ...costs.map((key) => row.cost[key]),
      ],
      true,
    );
  return [csvLine(header, true), ...leaderboard.map(line)].join("");
}

function pastDataText(pastData: Privileges["pastData"]): string {
  if (typeof pastData === "string") return pastData;
  if ("buffer" in pastData) return `buffer ${pastData.buffer}`;
  return `synthetic from ${pastData.synthetic.demonstrations}`;
}

const keysOf = (records: readonly object[]): string[] => [...new Set(records.flatMap((record) => Object.keys(record)))];
