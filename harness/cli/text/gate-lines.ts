import picocolors from "picocolors";
import type { GateResult } from "../../gate/gate.js";
import { lookText, marginText, remarksOn } from "../../gate/outputs/row-text.js";
import { signedPoints } from "../../metrics/score-text.js";
import { twoColumns, wrap } from "./columns.js";
import { plainTable } from "./plain-table.js";

/** A gate for a terminal: differences in points of 100, positive where the candidate is better. */
export function gateLines(result: GateResult, terminal: { color: boolean; width: number }): string[] {
  const paint = picocolors.createColors(terminal.color);
  const colors = { pass: paint.green, fail: paint.red, inconclusive: paint.yellow };
  const { baseline, candidate, suite, verdict } = result;
  const rows = result.metrics.map((row) => [
    row.key,
    signedPoints(row.mean),
    row.low === null ? "–" : `${signedPoints(row.low)} … ${signedPoints(row.high)}`,
    signedPoints(-Math.max(row.margin, row.acknowledged?.margin ?? 0)),
    String(row.orders),
    colors[row.verdict](row.verdict.toUpperCase()),
  ]);
  const remarks = result.metrics.flatMap((row) => [
    ...(row.acknowledged === undefined ? [] : [[row.key, marginText(row)] as const]),
    ...remarksOn(row).map((remark) => [row.key, remark] as const),
  ]);
  const caption = `points of 100, positive is better for the candidate; one-sided bounds, ${lookText(result)}, orders as clusters; paired by ${result.pairedBy}`;
  return [
    `${colors[verdict](paint.bold(verdict.toUpperCase()))}  ${candidate.trainer} against baseline ${baseline.name}@${baseline.version} on ${suite.name} ${suite.version}`,
    "",
    ...plainTable(
      ["metric", "difference", "bounds", "margin", "orders", "verdict"].map((head) => paint.bold(head)),
      rows,
    ),
    "",
    ...wrap(caption, terminal.width).map((line) => paint.dim(line)),
    ...twoColumns([...remarks, ...result.notes.map((note) => ["note", note] as const)], terminal.width, 0),
  ];
}
