import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { Board } from "../../contract/results/board.js";
import { publishFiles } from "../../hub/publish.js";
import { resolveReference } from "../../hub.js";
import { buildBoard } from "../../metrics/index.js";
import type { Registry } from "../../plugins.js";
import {
  type MeasuredRun,
  publicRun,
  publishedPaths,
  publishedRuns,
  readMeasuredRuns,
} from "../../run/store/published-run.js";
import { type ReadingOptions, readRunRecord } from "../../run/store/store.js";
import { signBoard, unsignBoard, verifyBoard } from "./board-signature.js";
import { cardWords, writeCard } from "./leaderboard-card.js";
import { writeLeaderboard } from "./leaderboard-files.js";
import { writePublicReport } from "./public-report.js";

export interface LeaderboardOptions extends ReadingOptions {
  /** Directory. */
  out: string;
  push?: string;
  /** Compares at equal operations: see `buildBoard`. Not where the board is published, which is of all runs. */
  flops?: number;
  /** What the card is called, and a Markdown file that says how to submit; else what the card there says, or a default. */
  title?: string;
  submission?: string;
  /** Path of an SSH key to sign the leaderboard with. */
  sign?: string;
  /** Path of a file of allowed signers: leaderboards that none of them signed are refused. */
  signers?: string;
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
 *
 * @throws SIGNATURE_INVALID where it cannot be signed, or a leaderboard is not signed by those that are asked for; USAGE on a
 * budget of operations for what is published.
 */
export async function mergeLeaderboard(
  references: readonly string[],
  options: LeaderboardOptions,
  registry: Registry,
): Promise<MergedLeaderboard> {
  const { out, push, notice, sign, signers, withReports = false, flops } = options;
  if (flops !== undefined && push !== undefined) {
    throw new BenchError("USAGE", "--flops chooses among rows, and a published leaderboard has all of them", {
      fix: "Leave out --push, or --flops.",
    });
  }
  const words = cardWords(options);
  const admit = (directory: string, name: string) => {
    if (signers === undefined || publishedPaths(directory).length === 0) return;
    const signer = verifyBoard(directory, resolve(signers));
    notice?.(`${name} is signed by ${signer}`);
  };
  const own: MeasuredRun[] = [];
  const reports: Record<string, string> = {};
  const reportFiles: string[] = [];
  for (const reference of references) {
    const directory = await directoryOf(reference);
    admit(directory, reference);
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
    const board = buildBoard(runs, registry.allMetrics(), flops);
    const files = await writeLeaderboard(board, runs, registry, out);
    const card = writeCard(board, { out, there, push, reports, ...words });
    const signed = [...files, ...reportFiles]; // not the card, which its owners may edit
    if (sign === undefined) unsignBoard(out);
    else signed.push(...signBoard(out, signed, resolve(sign)));
    return { board, files: [...signed, ...card] };
  };
  if (push === undefined) {
    const { board, files } = await write(distinct(own));
    return { board, page: files[0]!, pushed: null };
  }
  let written: Awaited<ReturnType<typeof write>> | undefined;
  const pushed = await publishFiles(push, async (there) => {
    admit(there, push);
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
