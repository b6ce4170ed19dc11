import picocolors from "picocolors";
import { plural } from "../../contract/printable.js";
import type { History, HistoryLine, HistorySeries } from "../../contract/results/history.js";
import { points, signedPoints } from "../../metrics/score-text.js";
import { plainTable } from "./plain-table.js";
import { sparkline } from "./sparkline.js";

/** A history for a terminal: for each trainer its versions, and a row for each number. */
export function historyLines({ suite, series }: History, terminal: { color: boolean; width: number }): string[] {
  const paint = picocolors.createColors(terminal.color);
  return series.flatMap((one, index) => {
    const { versions, trainer } = one;
    const span = versions.length === 1 ? versions[0]!.name : `${versions[0]!.name} … ${versions.at(-1)!.name}`;
    return [
      ...(index === 0 ? [] : [""]),
      `${paint.bold(trainer)} on ${suite.name} ${suite.version}: ${plural(versions.length, "version")}, ${span}`,
      ...table(one, terminal.width),
    ];
  });
}

function table({ lines, versions }: HistorySeries, width: number): string[] {
  const room = Math.max(8, Math.min(versions.length, width - 70));
  const head = ["", "", "first", "last", "change", "step"];
  const rows = lines.map((line) => {
    const known = line.values.filter((value) => value !== null);
    const [first, last] = [known[0]!, known.at(-1)!];
    const change = versions.length < 2 ? "" : signedPoints(last - first);
    return [
      line.title,
      sparkline(line.values.slice(-room)),
      points(first),
      points(last),
      change,
      stepText(line, versions),
    ];
  });
  return plainTable(head, rows, 2);
}

function stepText({ steps, higherIsBetter }: HistoryLine, versions: HistorySeries["versions"]): string {
  const last = steps.at(-1);
  if (last === undefined) return "";
  const change = last.after - last.before;
  const more = steps.length > 1 ? ` (${steps.length} steps)` : "";
  return `${change > 0 === higherIsBetter ? "better" : "worse"} by ${points(Math.abs(change))} from ${versions[last.at]!.name}${more}`;
}
