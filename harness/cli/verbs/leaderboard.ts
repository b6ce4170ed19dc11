import { resolve } from "node:path";
import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import type { LeaderboardOptions } from "../../app/leaderboard/merge-leaderboard.js";
import {
  type CliContext,
  type CommonOptions,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { positiveNumber } from "../whole-number.js";

/** `bench leaderboard <runs…>`: merges runs of one suite into one page. */
export function addLeaderboard(program: Command, context: CliContext): void {
  const command = program
    .command("leaderboard")
    .description("merge runs of one suite into one leaderboard: a page, with JSON and CSV")
    .argument("<runs...>", "run directories, directories of leaderboards, or hf://datasets/owner/name")
    .option("--out <directory>", "output directory", "leaderboard")
    .option(
      "--push <reference>",
      "publish to hf://datasets/owner/name or hf://spaces/owner/name, merged with what is there; reads HF_TOKEN",
    )
    .option(
      "--flops <n>",
      "compare at equal operations: of each trainer the longest training (`steps`, `epochs`) within so many, such as 4e11",
      positiveNumber,
    )
    .option("--title <text>", "title of the card (default: the one that is there, or the suite's)")
    .option(
      "--submission <file>",
      "Markdown that says how to submit (default: the text that is there, or the commands)",
    )
    .option("--sign <key>", "sign the leaderboard with an SSH key (a public key where ssh-agent has the private one)")
    .option("--signers <file>", "refuse leaderboards that none of these signed: an allowed_signers file of ssh-keygen")
    .option("--with-reports", "publish the reports of the run directories, with all questions and answers");
  withCommonOptions(command, [
    "bench leaderboard runs/*",
    "bench leaderboard runs/trace-seq-1a2b3c4d hf://datasets/owner/board --out site",
    "bench leaderboard runs/* --push hf://datasets/owner/board",
    "bench leaderboard runs/* --push hf://spaces/owner/board --title 'Forgetting in 8 tasks' --with-reports",
    "bench leaderboard runs/* --sign ~/.ssh/id_ed25519",
    "bench leaderboard site hf://datasets/owner/board --signers allowed_signers",
    "bench leaderboard runs/* --flops 4e11",
    "bench leaderboard runs/* --json > board.json",
  ]).action(async (runs: string[], options: CommonOptions & LeaderboardOptions) => {
    const { mergeLeaderboard } = await import("../../app/leaderboard/merge-leaderboard.js");
    const { equalFlopsLines, leaderboardLines } = await import("../text/leaderboard-table.js");
    const registry = await registryFor(context, options.plugin);
    const merged = await mergeLeaderboard(
      runs,
      { ...options, out: resolve(options.out), notice: noticePrinter(context) },
      registry,
    );
    const { board, page, pushed } = merged;
    if (options.json) printJson(context, { ...board, page, pushed });
    else {
      const places = pushed === null ? [page] : [page, pushed];
      printLines(context, [
        ...leaderboardLines(board, context),
        "",
        ...equalFlopsLines(board, context.width),
        ...places,
      ]);
    }
  });
}
