import { dirname } from "node:path";
import picocolors from "picocolors";
import { displayWidth } from "../../contract/display-width.js";
import { points, signedPoints } from "../../metrics/score-text.js";
import { duration, rangeText } from "../../run/display/text.js";
import type { RunPlan } from "../../run/plan/plan.js";
import { defaultLabel } from "../../tune/candidates.js";
import type { CandidateRecord, TuneRecord } from "../../tune/record.js";
import { type TuneRequest, trainerOf } from "../../tune/search.js";
import { dimensionText, valuesText } from "../../tune/tuned-config.js";
import { twoColumns, wrap } from "./columns.js";
import { nearPath } from "./near-path.js";
import { plainTable } from "./plain-table.js";
import { megabytes } from "./plan-lines.js";

interface Terminal {
  color: boolean;
  width: number;
}

/** What a search will do and take, for `--dry-run`. */
export function searchPlanLines(request: TuneRequest, plans: readonly RunPlan[], terminal: Terminal): string[] {
  const paint = picocolors.createColors(terminal.color);
  const first = plans[0]!;
  const { time, disk } = totalOf(plans);
  const { search, objective, space, seed } = request;
  const rows: [string, string][] = [
    ["trainer", trainerOf(request).name],
    ...Object.entries(space).map(([path, dimension]): [string, string] => [
      "space",
      `${path}: ${dimensionText(dimension)}`,
    ]),
    dataRow(plans),
    ["search", `${search.kind}, candidates drawn with seed ${seed}, objective ${objective.key}`],
    ...plans.map(rungRow),
    ["directory", nearPath(dirname(first.directory))],
    ["time", `${time} on an idle machine, by ${first.estimate.basis}`],
    ["disk", disk],
  ];
  return [paint.bold("Plan; nothing was run."), ...twoColumns(rows, terminal.width)];
}

/** How a search uses a suite: its last rung has all tasks. */
export const dataRow = (plans: readonly RunPlan[]): [string, string] => [
  "data",
  `${plans.at(-1)!.suite.title}; half of it is scored, learners may see the other half`,
];

/** What is compared in a rung. */
export const rungRow = ({ record }: RunPlan, index: number): [string, string] => [
  `rung ${index + 1}`,
  `${record.trainers.length} candidates × seeds ${record.seeds.join(", ")}, tasks ${record.orders[0]!.tasks.join(" → ")}`,
];

/** What runs take together, one after another. */
export function totalOf(plans: readonly RunPlan[]): { time: string; disk: string } {
  const total = (key: "low" | "high" | "bytes") => plans.reduce((sum, { estimate }) => sum + estimate[key], 0);
  return {
    time: rangeText({ low: total("low"), high: total("high") }),
    disk: `about ${megabytes(total("bytes"))}`,
  };
}

/** A finished search for a terminal: the candidates of the last rung, the best first, and what was written. */
export function tuneLines(record: TuneRecord, config: string, terminal: Terminal): string[] {
  const paint = picocolors.createColors(terminal.color);
  const { search, suite, trainer, chosen, rungs } = record;
  const last = rungs.at(-1)!;
  const baseline = last.results.find(({ label }) => label === defaultLabel)!.score;
  const dropped = rungs[0]!.results.length - last.results.length;
  const caption = [
    "scores × 100",
    `mean over seeds ${search.seeds.join(", ")}`,
    ...(last.results.some(({ itemError }) => itemError !== null)
      ? ["±: standard error from the number of validation items"]
      : []),
    `${defaultLabel} is the default`,
    ...(dropped > 0 ? [`${dropped} candidates dropped in earlier rungs`] : []),
  ].join("; ");
  const title = `${trainer.name} on validation data of ${suite.tasks.length} tasks of ${suite.name} ${suite.version} (${suite.order})`;
  const gain = chosen.isDefault
    ? "no candidate was better than the default"
    : `${valuesText(chosen.values)}: ${signedPoints(baseline === null ? null : chosen.score - baseline)} against the default`;
  return [
    ...wrap(title, terminal.width).map((line) => paint.bold(line)),
    "",
    ...candidateLines(last.results, search.objective.key, terminal, paint.bold),
    "",
    ...wrap(caption, terminal.width).map((line) => paint.dim(line)),
    "",
    ...twoColumns(
      [
        ["chosen", `${chosen.label}, ${gain}`],
        ["config", paint.underline(nearPath(config))],
        ["next", `bench run --config ${nearPath(config)} --orders 3 --seeds 2`],
      ],
      terminal.width,
      0,
    ),
  ];
}

/** A table with a column for each option; where that is too wide, the options next to the score. */
function candidateLines(
  results: readonly CandidateRecord[],
  objective: string,
  { width }: Terminal,
  bold: (text: string) => string,
): string[] {
  const paths = Object.keys(results[0]!.values);
  const table = plainTable(
    ["", ...paths, objective, "time"].map((head) => bold(head)),
    results.map((result) => [
      result.label,
      ...paths.map((path) => valuesText({ [path]: result.values[path] }).slice(path.length + 1)),
      scoreText(result),
      result.trainSeconds === null ? "–" : duration(result.trainSeconds),
    ]),
  );
  const reasons = results.flatMap(({ label, reason }): [string, string][] =>
    reason === undefined ? [] : [[label, reason]],
  );
  const fits = table.every((line) => displayWidth(line) <= width);
  const narrow = results.map((result): [string, string] => [
    `${result.label} ${scoreText(result)}`,
    valuesText(result.values),
  ]);
  return [...(fits ? table : twoColumns(narrow, width, 0)), ...twoColumns(reasons, width, 0)];
}

function scoreText({ score, itemError }: CandidateRecord): string {
  if (score === null) return "–";
  return itemError === null ? points(score) : `${points(score)} ±${points(itemError)}`;
}
