import picocolors from "picocolors";
import { baselineText } from "../../gate/baseline.js";
import type { GateResult } from "../../gate/gate.js";
import type { ItemFlip } from "../../gate/items/pair-items.js";
import { candidateText, captionOf, countText, flipText, marginText, remarksOn } from "../../gate/outputs/row-text.js";
import { boundsText, signedPoints } from "../../metrics/score-text.js";
import { twoColumns, wrap } from "./columns.js";
import { plainTable } from "./plain-table.js";

/** A gate for a terminal: differences in points of 100, positive where the candidate is better. */
export function gateLines(result: GateResult, terminal: { color: boolean; width: number }): string[] {
  const paint = picocolors.createColors(terminal.color);
  const colors = { pass: paint.green, fail: paint.red, inconclusive: paint.yellow };
  const { baseline, suite, verdict } = result;
  const rows = result.metrics.map((row) => [
    row.key,
    signedPoints(row.mean),
    boundsText(row),
    signedPoints(-Math.max(row.margin, row.acknowledged?.margin ?? 0)),
    countText(row),
    colors[row.verdict](row.verdict.toUpperCase()),
  ]);
  const remarks = result.metrics.flatMap((row) => [
    ...(row.acknowledged === undefined ? [] : [[row.key, marginText(row)] as const]),
    ...remarksOn(row).map((remark) => [row.key, remark] as const),
  ]);
  return [
    `${colors[verdict](paint.bold(verdict.toUpperCase()))}  ${candidateText(result)} against baseline ${baselineText(baseline)} on ${suite.name} ${suite.version}`,
    "",
    ...plainTable(
      ["metric", "difference", "bounds", "margin", result.pairedBy === "item" ? "items" : "orders", "verdict"].map(
        (head) => paint.bold(head),
      ),
      rows,
    ),
    "",
    ...wrap(captionOf(result), terminal.width).map((line) => paint.dim(line)),
    ...twoColumns([...remarks, ...result.notes.map((note) => ["note", note] as const)], terminal.width, 0),
    ...flipLines(result.flips, terminal.width),
  ];
}

/** Flipped answers that are listed; the rest is counted. */
const mostFlips = 10;

function flipLines(flips: GateResult["flips"], width: number): string[] {
  if (flips === undefined) return [];
  const list = (what: string, found: readonly ItemFlip[]) => {
    if (found.length === 0) return [];
    const more = found.length > mostFlips ? [`${found.length - mostFlips} more, in --json and --markdown`] : [];
    const lines = [...found.slice(0, mostFlips).map(flipText), ...more];
    return [
      "",
      `${found.length} answers ${what}`,
      ...lines.flatMap((line) => wrap(line, width - 2).map((part) => `  ${part}`)),
    ];
  };
  return [...list("became wrong", flips.lost), ...list("became right", flips.gained)];
}
