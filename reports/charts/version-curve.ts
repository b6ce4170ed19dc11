import { gridLines } from "./axes.js";
import { linearScale } from "./scale.js";
import { element, escapeXml, figure, label, linePath, textWidth } from "./svg.js";

export interface VersionCurveOptions {
  id: string;
  title: string;
  description: string;
  /** One per version; null where there is none. */
  values: readonly (number | null)[];
  /** Tooltip of each version. */
  notes: readonly string[];
  /** Names of the versions, below the axis. */
  names: readonly string[];
  /** Segments of one level, and whether the level was reached by a regression. */
  levels: readonly { from: number; to: number; mean: number; change: "loss" | "gain" | "none" }[];
  /** Range of the vertical axis: 0 to 1 (−1 to 1 for a quantity with negative values), or fitted to the values. */
  range: "full" | "fitted";
  format(value: number): string;
}

const width = 400;
const plotHeight = 150;
const frame = { left: 44, right: 10, top: 12 };
const fontSize = 11;
/** Labels that fit on the axis side by side at an angle. */
const mostLabels = 16;

/** A score over versions: a point for each, and the level of each segment between changes of level. */
export function versionCurve(options: VersionCurveOptions): string {
  const { id, title, description, values, notes, names, levels, range, format } = options;
  const bottom = plotHeight;
  const every = Math.ceil(names.length / mostLabels);
  const labeled = names.flatMap((name, index) => (index % every === 0 ? [{ name, index }] : []));
  const height = bottom + 18 + Math.ceil(0.64 * Math.max(...labeled.map(({ name }) => textWidth(name, fontSize))));
  const left = Math.max(frame.left, Math.ceil(0.77 * textWidth(names[0] ?? "", fontSize)) - 12);
  const x = linearScale([0, Math.max(values.length - 1, 1)], [left + 10, width - frame.right - 6]);
  const y = linearScale(domainOf(values, range), [bottom, frame.top]);
  const marks = gridLines(y, { ticks: y.ticks(4), left, right: width - frame.right, gap: 6, text: format });
  const points = values.flatMap((value, index) => (value === null ? [] : [[x(index), y(value), index] as const]));
  marks.push(element("path", { class: "versions", d: linePath(points.map(([at, top]) => [at, top])) }));
  for (const { from, to, mean, change } of levels) {
    const [x1, x2] = [x(from) - 6, x(to) + 6];
    marks.push(element("line", { class: `change ${change}`, x1, x2, y1: y(mean), y2: y(mean) }));
  }
  for (const [cx, cy, index] of points) {
    const dot = element("circle", { class: "after", cx, cy, r: values.length > 40 ? 1.8 : 2.8 });
    const target = element("circle", { class: "target", cx, cy, r: 8 });
    marks.push(element("g", {}, element("title", {}, escapeXml(notes[index]!)), dot, target));
  }
  for (const { name, index } of labeled) {
    const [end, top] = [x(index) + 3, bottom + 14];
    const turn = `rotate(-40 ${Math.round(end)} ${top})`;
    marks.push(label(name, { class: "axis", x: end, y: top, "text-anchor": "end", transform: turn }));
  }
  return figure({ id, width, height, title, description, className: `version-curve ${range}` }, ...marks);
}

function domainOf(values: readonly (number | null)[], range: "full" | "fitted"): [number, number] {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (range === "full") return [low < 0 ? Math.min(-1, low) : 0, Math.max(1, high)];
  const margin = Math.max((high - low) * 0.1, 0.01);
  return [low - margin, high + margin];
}
