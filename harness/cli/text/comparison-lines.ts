import picocolors from "picocolors";
import { plural } from "../../contract/printable.js";
import type { ComparedSide, Comparison, ComparisonRow } from "../../gate/compare.js";
import type { Flip } from "../../gate/flips.js";
import { signedPoints } from "../../metrics/score-text.js";
import { twoColumns, wrap } from "./columns.js";
import { nearPath } from "./near-path.js";
import { plainTable } from "./plain-table.js";

/** A comparison for a terminal: differences in points of 100, positive where the candidate is better. */
export function comparisonLines(comparison: Comparison, terminal: { color: boolean; width: number }): string[] {
  const paint = picocolors.createColors(terminal.color);
  const colors = {
    better: paint.green,
    worse: paint.red,
    same: paint.dim,
    "not separated": String,
    unknown: paint.dim,
  };
  const table = (title: string, rows: readonly ComparisonRow[]) =>
    plainTable(
      [title, "difference", "95% interval", "adjusted p", "verdict"].map((head) => paint.bold(head)),
      rows.map((row) => [
        row.key.replace(/^task:/, ""),
        signedPoints(row.difference),
        row.interval === null ? "–" : `${signedPoints(row.interval.low)} … ${signedPoints(row.interval.high)}`,
        row.adjustedP === null ? "–" : row.adjustedP < 0.001 ? "<0.001" : row.adjustedP.toFixed(3),
        colors[row.verdict](row.verdict),
      ]),
    );
  const { flips } = comparison;
  const orders = Math.max(...[...comparison.metrics, ...comparison.tasks].map((row) => row.orders));
  const caption = [
    "points of 100, positive is better for the candidate",
    comparison.pairedBy === "item"
      ? "by the items that both answered"
      : `paired by ${comparison.pairedBy}, ${plural(orders, "task order")}`,
    comparison.pairedBy === "item"
      ? "p adjusted by Holm over all rows"
      : "p adjusted by Holm: of OP over all pairs of trainers, as ranks are; of the other rows over those rows",
  ].join("; ");
  const reasons = new Set([...comparison.metrics, ...comparison.tasks].flatMap(({ reason }) => reason ?? []));
  return [
    ...twoColumns(
      [
        ["baseline", sideText(comparison.baseline, comparison)],
        ["candidate", sideText(comparison.candidate, comparison)],
      ],
      terminal.width,
      0,
    ),
    "",
    ...table("metric", comparison.metrics),
    "",
    ...table("task", comparison.tasks),
    "",
    ...wrap(caption, terminal.width).map((line) => paint.dim(line)),
    "",
    ...flipLines(flips.answers, flips.gained, flips.lost),
    "",
    ...costLines(comparison.cost, paint.bold),
    ...twoColumns(
      [...reasons, ...comparison.notes].map((note): [string, string] => ["note", note]),
      terminal.width,
      0,
    ),
  ];
}

/** Models that are compared item by item were evaluated, not trained by a method. */
const sideText = (
  { directory, trainer, model, cells }: ComparedSide,
  { pairedBy }: Pick<Comparison, "pairedBy">,
): string =>
  pairedBy === "item"
    ? `${nearPath(model)} in ${nearPath(directory)}`
    : `${trainer} in ${nearPath(directory)}, ${plural(cells, "cell")}, model ${nearPath(model)}`;

function flipLines(answers: number, gained: readonly Flip[], lost: readonly Flip[]): string[] {
  if (answers === 0) return ["no cells of the same order and seed: no answers to compare one by one"];
  const tasks = [...new Set([...gained, ...lost].map(({ task }) => task))].sort();
  const count = (flips: readonly Flip[], task: string) => flips.filter((flip) => flip.task === task).length;
  return [
    `${answers} answers compared: ${gained.length} became right, ${lost.length} became wrong`,
    ...tasks.map((task) => `  ${task}: +${count(gained, task)} −${count(lost, task)}`),
  ];
}

const shownCosts = ["wallSeconds", "trainedTokens", "generatedTokens", "flops", "addedParameters", "bufferSamples"];

function costLines(cost: Comparison["cost"], bold: (text: string) => string): string[] {
  const shown = shownCosts.flatMap((key) => {
    const { baseline = null, candidate = null } = cost[key] ?? {};
    if (baseline === null || candidate === null || (baseline === 0 && candidate === 0)) return [];
    const change = baseline === 0 ? "–" : `${candidate >= baseline ? "+" : "−"}${percent(candidate / baseline - 1)}`;
    return [[key, amount(baseline), amount(candidate), change]];
  });
  return shown.length === 0 ? [] : plainTable(["cost of a cell", "baseline", "candidate", "change"].map(bold), shown);
}

const percent = (share: number): string => `${Math.abs(100 * share).toFixed(1)}%`;
const amount = (value: number): string =>
  value.toLocaleString("en-US", { maximumSignificantDigits: 4, notation: value >= 1e9 ? "scientific" : "standard" });
