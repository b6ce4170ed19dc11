import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Board } from "../contract/board.js";
import { publishFiles } from "../hub/publish.js";
import { resolveReference } from "../hub.js";
import { buildBoard } from "../metrics/index.js";
import type { Registry } from "../plugins.js";
import { type MeasuredRun, publicRun, publishedRuns, readMeasuredRuns } from "../run/store/published-run.js";
import { type ReadingOptions, readRunRecord } from "../run/store/store.js";
import { cardWords, writeCard } from "./leaderboard-card.js";
import { writeLeaderboard } from "./leaderboard-files.js";
import { writePublicReport } from "./public-report.js";

export interface LeaderboardOptions extends ReadingOptions {
  /** Directory. */
  out: string;
  push?: string;
  /** What the card is called, and a Markdown file that says how to submit; else what the card there says, or a default. */
  title?: string;
  submission?: string;
  /** Whether the reports of the given run directories are published too, with questions and answers. */
  withReports?: boolean;
}

export interface MergedLeaderboard {
  board: Board;
  /** Path of the page. */
  page: string;
  /** Address of the commit; null where nothing was published. */
  pushed: string | null;
}

/**
 * Merges runs into one leaderboard, writes it, and publishes it where that was asked for: what is published there
 * already is merged in, and if someone else publishes meanwhile, it is merged anew.
 */
export async function mergeLeaderboard(
  references: readonly string[],
  options: LeaderboardOptions,
  registry: Registry,
): Promise<MergedLeaderboard> {
  const { out, push, notice, withReports = false } = options;
  const words = cardWords(options);
  const own: MeasuredRun[] = [];
  const reports: Record<string, string> = {};
  const reportFiles: string[] = [];
  for (const reference of references) {
    const directory = await directoryOf(reference);
    own.push(...readMeasuredRuns(directory).map(publicRun));
    if (!withReports || readRunRecord(directory) === undefined) continue;
    const report = await writePublicReport(directory, out, registry);
    reports[report.run] = report.page;
    reportFiles.push(...report.files);
  }
  const noticeOf = (runs: readonly MeasuredRun[]) => {
    for (const text of new Set(runs.flatMap(({ notices }) => notices))) notice?.(text);
  };
  noticeOf(own);
  const write = async (runs: readonly MeasuredRun[], there?: string) => {
    const board = buildBoard(runs, registry.allMetrics());
    const files = await writeLeaderboard(board, runs, registry, out);
    const card = writeCard(board, { out, there, push, reports, ...words });
    return { board, files: [...files, ...card, ...reportFiles] };
  };
  if (push === undefined) {
    const { board, files } = await write(distinct(own));
    return { board, page: files[0]!, pushed: null };
  }
  let written: Awaited<ReturnType<typeof write>> | undefined;
  const pushed = await publishFiles(push, async (there) => {
    const published = existsSync(there) ? publishedRuns(there).map(publicRun) : [];
    noticeOf(published);
    written = await write(distinct([...own, ...published]), there);
    return { root: out, files: written.files, title: `Leaderboard of ${written.board.suite.name}` };
  });
  return { board: written!.board, page: written!.files[0]!, pushed };
}

async function directoryOf(reference: string): Promise<string> {
  return reference.startsWith("hf://") ? (await resolveReference(reference, "board")).directory : resolve(reference);
}

/** Each run once: of several states of one run the one with most results, and the first of those. */
function distinct(runs: readonly MeasuredRun[]): MeasuredRun[] {
  const best = new Map<string, MeasuredRun>();
  const finished = ({ matrices }: MeasuredRun) => Object.keys(matrices).length;
  for (const run of runs) {
    const known = best.get(run.run.id);
    if (known === undefined || finished(run) > finished(known)) best.set(run.run.id, run);
  }
  return [...best.values()];
}
