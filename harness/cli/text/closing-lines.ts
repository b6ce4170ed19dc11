import picocolors from "picocolors";
import type { RunConfig } from "../../contract/config.js";
import type { RunOutcome } from "../../run/execute.js";
import { twoColumns } from "./columns.js";
import { nearPath } from "./near-path.js";

/** The lines below the leaderboard: where the results are, and what to do next. */
export function closingLines(
  outcome: RunOutcome,
  config: RunConfig,
  report: string | null,
  terminal: { color: boolean; width: number },
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const { run, directory, failed, cancelled, stored } = outcome;
  const places: [string, string][] = [["run", nearPath(directory)]];
  if (report !== null) places.push(["report", paint.underline(nearPath(report))]);
  const hints: string[] = [];
  if (stored) hints.push("Nothing was left to do: these are the stored results.");
  if (cancelled > 0) hints.push("Run the same command again to go on where it stopped.");
  if (failed > 0) hints.push("Run the same command with --retry-failed to try the failed cells again.");
  if (config.quick) hints.push("--quick is a smoke test: too small to compare methods by. Run without it for results.");
  if (run.orders.length === 1 && run.source === undefined) {
    hints.push(
      `One order: there is no interval and no rank. Run with --orders 3 --out ${nearPath(directory)} to tell differences from chance.`,
    );
  }
  if (run.suite.generated) hints.push("The data of this suite is generated; it is not the published benchmark.");
  return [
    ...twoColumns(places, terminal.width, 0),
    ...twoColumns(
      hints.map((hint): [string, string] => ["hint", hint]),
      terminal.width,
      0,
    ),
  ];
}
