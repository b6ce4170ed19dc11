import picocolors from "picocolors";
import type { PlannedSearches, TunedTrainers } from "../../app/tune-all.js";
import { points } from "../../metrics/score-text.js";
import type { RunPlan } from "../../run/plan/plan.js";
import { defaultLabel } from "../../tune/candidates.js";
import { valuesText } from "../../tune/tuned-config.js";
import { twoColumns, wrap } from "./columns.js";
import { nearPath } from "./near-path.js";
import { plainTable } from "./plain-table.js";
import { dataRow, rungRow, totalOf } from "./tune-lines.js";

/** What all searches will take, for `--dry-run`. */
export function planAllLines(
  { planned, failed, directory }: PlannedSearches,
  terminal: { color: boolean; width: number },
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const row = (name: string, plans: readonly RunPlan[]) => [
    name,
    String(plans.reduce((sum, { cells }) => sum + cells.length, 0)),
    totalOf(plans).time,
  ];
  const all = planned.flatMap(({ plans }) => plans);
  // a small space has fewer candidates than others
  const largest = planned.map(({ plans }) => plans).toSorted(([a], [b]) => b!.cells.length - a!.cells.length)[0]!;
  const bases = new Set(all.map(({ estimate }) => estimate.basis));
  return [
    paint.bold("Plan; nothing was run."),
    ...plainTable(
      ["trainer", "cells", "time"].map((head) => paint.bold(head)),
      [...planned.map(({ trainer, plans }) => row(trainer, plans)), row("all", all)],
    ),
    "",
    ...twoColumns(
      [
        dataRow(largest),
        ...largest.map(rungRow),
        ["directory", nearPath(directory)],
        ["time", `on an idle machine, one trainer after another, by ${[...bases].join(" or ")}`],
        ["disk", totalOf(all).disk],
        ...failedRows(failed, "cannot be searched"),
      ],
      terminal.width,
    ),
  ];
}

/** All searches for a terminal: default and best of each trainer, and what was written. */
export function tuneAllLines(
  { found, failed, kept, config }: TunedTrainers,
  terminal: { color: boolean; width: number },
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const rows = found.map(({ trainer, record: { rungs, chosen } }) => {
    const results = rungs.at(-1)!.results;
    const baseline = results.find(({ label }) => label === defaultLabel)?.score ?? null;
    return [trainer, points(baseline), points(chosen.score), String(results.length)];
  });
  const objective = found[0]?.record.search.objective.key ?? "score";
  return [
    ...plainTable(
      ["trainer", `${objective}, default`, "best", "candidates"].map((head) => paint.bold(head)),
      rows,
    ),
    "",
    ...wrap("scores × 100 on validation data; the best of a few candidates is optimistic", terminal.width).map((line) =>
      paint.dim(line),
    ),
    "",
    ...twoColumns(
      [
        ...found
          .filter(({ record: { chosen } }) => !chosen.isDefault)
          .map(({ trainer, record: { chosen } }): [string, string] => [trainer, valuesText(chosen.values)]),
        ...failedRows(failed, "no score"),
        ...(failed.length === 0 ? [] : [["again", "the same command with --retry-failed"] as [string, string]]),
        ["config", nearPath(config)],
        ...(kept.length === 0
          ? []
          : [["kept", `${kept.join(", ")}, as earlier commands found them`] as [string, string]]),
        ["next", `bench run --config ${nearPath(config)} --orders 3`],
      ],
      terminal.width,
      0,
    ),
  ];
}

const failedRows = (failed: TunedTrainers["failed"], what: string): [string, string][] =>
  failed.map(({ trainer, reason }) => [trainer, `${what}: ${reason}`]);
