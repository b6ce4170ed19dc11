import picocolors from "picocolors";
import type { TunedTrainers } from "../../app/tune-all.js";
import { points } from "../../metrics/score-text.js";
import { defaultLabel } from "../../tune/candidates.js";
import { valuesText } from "../../tune/tuned-config.js";
import { twoColumns, wrap } from "./columns.js";
import { nearPath } from "./near-path.js";
import { plainTable } from "./plain-table.js";

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
