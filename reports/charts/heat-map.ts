import { element, figure, label, linePath, textWidth } from "./svg.js";

export interface HeatMapOptions {
  id: string;
  title: string;
  description: string;
  /** Names of the rows, row 0 first; row i > 0 follows learning column i. */
  rows: readonly string[];
  columns: readonly string[];
  /** Scores on 0..1; null where nothing was measured. */
  values: readonly (readonly (number | null)[])[];
  /** Whether the tasks were learned one after another; then a line separates learned from unlearned tasks. */
  stepwise: boolean;
  /** Address behind each measured score, where there are any. */
  link?(row: number, column: number): string;
}

const cell = { width: 33, height: 21 };
const top = 18;

/**
 * An accuracy matrix: a row for each measurement, a column for each task. Below the line a task has been learned.
 * What was not measured is crossed out.
 */
export function heatMap({ id, title, description, rows, columns, values, stepwise, link }: HeatMapOptions): string {
  const gutter = Math.ceil(Math.max(...rows.map((name) => textWidth(name, 11)))) + 12;
  const width = gutter + columns.length * cell.width + 2;
  const height = top + rows.length * cell.height + 2;
  const headings = columns.map((name, column) =>
    label(name, { class: "axis", x: gutter + (column + 0.5) * cell.width, y: top - 6, "text-anchor": "middle" }),
  );
  const sides = rows.map((name, row) =>
    label(name, { class: "axis", x: gutter - 8, y: top + (row + 0.68) * cell.height, "text-anchor": "end" }),
  );
  const cells = values.flatMap((line, row) =>
    line.map((value, column) =>
      square(value, gutter + column * cell.width, top + row * cell.height, link?.(row, column)),
    ),
  );
  return figure(
    { id, title, description, width, height, className: "heat-map" },
    ...headings,
    ...sides,
    ...cells,
    stepwise ? boundary(columns.length, gutter) : "",
  );
}

function square(value: number | null, x: number, y: number, href: string | undefined): string {
  const box = { x: x + 0.5, y: y + 0.5, width: cell.width - 1, height: cell.height - 1 };
  if (value === null) {
    const stroke = linePath([
      [x + 4, y + cell.height - 4],
      [x + cell.width - 4, y + 4],
    ]);
    return element("rect", { class: "missing", ...box }) + element("path", { class: "missing", d: stroke });
  }
  const share = Math.min(Math.max(value, 0), 1);
  const number = label(String(Math.round(value * 100)), {
    class: "number",
    x: x + cell.width / 2,
    y: y + cell.height * 0.68,
    "text-anchor": "middle",
  });
  const rectangle = element("rect", { class: "heat", style: `--v:${share.toFixed(2)}`, ...box });
  // The table of the same scores has the links for the keyboard.
  return href === undefined ? rectangle + number : element("a", { href, tabindex: -1 }, rectangle, number);
}

function boundary(tasks: number, gutter: number): string {
  const points: [number, number][] = [[gutter, top + cell.height]];
  for (let task = 1; task <= tasks; task++) {
    points.push([gutter + task * cell.width, top + task * cell.height]);
    if (task < tasks) points.push([gutter + task * cell.width, top + (task + 1) * cell.height]);
  }
  return element("path", { class: "boundary", d: linePath(points) });
}
