import picocolors from "picocolors";
import type { TunedTrainers } from "../../app/tune-all.js";
import { points } from "../../metrics/score-text.js";
import { rangeText } from "../../run/display/text.js";
import type { RunPlan } from "../../run/plan/plan.js";
import { defaultLabel } from "../../tune/candidates.js";
import { valuesText } from "../../tune/tuned-config.js";
import { twoColumns, wrap } from "./columns.js";
import { nearPath } from "./near-path.js";
import { plainTable } from "./plain-table.js";

/** What all searches will take, for `--dry-run`. */
export function planAllLines(
  planned: readonly { trainer: string; plans: readonly RunPlan[] }[],
  terminal: { color: boolean; width: number },
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const timeOf = (plans: readonly RunPlan[]) =>
    rangeText({ low: total(plans, ({ low }) => low), high: total(plans, ({ high }) => high) });
  const cellsOf = (plans: readonly RunPlan[]) => String(plans.reduce((sum, { cells }) => sum + cells.length, 0));
  const all = planned.flatMap(({ plans }) => plans);
  const [first] = all;
  if (first === undefined) return ["No trainer declares a search space."];
  const rows = planned.map(({ trainer, plans }) => [trainer, cellsOf(plans), timeOf(plans)]);
  const { tasks } = first.record.orders[0]!;
  return [
    paint.bold("Plan; nothing was run."),
    ...plainTable(
      ["trainer", "cells", "time"].map((head) => paint.bold(head)),
      [...rows, ["all", cellsOf(all), timeOf(all)]],
    ),
    "",
    ...twoColumns(
      [
        ["data", `${first.suite.title}; half of it is scored, learners may see the other half`],
        ["tasks", `${tasks.join(" → ")}, seeds ${first.record.seeds.join(", ")}`],
        ["time", `on an idle machine, one trainer after another, by ${first.estimate.basis}`],
        ["disk", `about ${Math.max(1, Math.round(total(all, ({ bytes }) => bytes) / 1e6))} MB`],
      ],
      terminal.width,
    ),
  ];
}

function total(plans: readonly RunPlan[], of: (estimate: RunPlan["estimate"]) => number): number {
  return plans.reduce((sum, { estimate }) => sum + of(estimate), 0);
}

/** All searches for a terminal: default and best of each trainer, and what was written. */
export function tuneAllLines(
  { found, failed, config }: TunedTrainers,
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
        ...failed.map(({ trainer, reason }): [string, string] => [trainer, `no score: ${reason}`]),
        ["config", nearPath(config)],
        ["next", `bench run --config ${nearPath(config)} --orders 3`],
      ],
      terminal.width,
      0,
    ),
  ];
}
