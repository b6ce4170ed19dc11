import { linearScale } from "./scale.js";
import { element, escapeXml, figure, label, linePath } from "./svg.js";

export interface VersionCurveOptions {
  id: string;
  title: string;
  description: string;
  /** One for each version; null where there is none. */
  values: readonly (number | null)[];
  /** Tooltip of each version. */
  notes: readonly string[];
  /** First and last version, below the axis. */
  ends: readonly [string, string];
  /** Segments of one level, and whether the level was reached by a change for the worse. */
  levels: readonly { from: number; to: number; mean: number; change: "loss" | "gain" | "none" }[];
  format(value: number): string;
}

const width = 400;
const height = 170;
const frame = { left: 44, right: 10, top: 12, bottom: 26 };

/** A number over versions: a point for each, and the level of each segment between changes of it. */
export function versionCurve(options: VersionCurveOptions): string {
  const { id, title, description, values, notes, ends, levels, format } = options;
  const known = values.filter((value) => value !== null);
  const bottom = height - frame.bottom;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const margin = Math.max((high - low) * 0.1, 0.01);
  const x = linearScale([0, Math.max(values.length - 1, 1)], [frame.left + 10, width - frame.right - 6]);
  const y = linearScale([low - margin, high + margin], [bottom, frame.top]);
  const marks = y
    .ticks(3)
    .flatMap((tick) => [
      element("line", { class: "grid", x1: frame.left, x2: width - frame.right, y1: y(tick), y2: y(tick) }),
      label(format(tick), { class: "axis", x: frame.left - 6, y: y(tick) + 4, "text-anchor": "end" }),
    ]);
  const points = values.flatMap((value, index) => (value === null ? [] : [[x(index), y(value), index] as const]));
  marks.push(element("path", { class: "versions", d: linePath(points.map(([left, top]) => [left, top])) }));
  for (const { from, to, mean, change } of levels) {
    const [x1, x2] = [x(from) - 6, x(to) + 6];
    marks.push(element("line", { class: `change ${change}`, x1, x2, y1: y(mean), y2: y(mean) }));
  }
  for (const [cx, cy, index] of points) {
    const dot = element("circle", { class: "after", cx, cy, r: values.length > 40 ? 1.8 : 2.8 });
    const target = element("circle", { class: "target", cx, cy, r: 8 });
    marks.push(element("g", {}, element("title", {}, escapeXml(notes[index]!)), dot, target));
  }
  const below = { class: "axis", y: height - 8 };
  marks.push(label(ends[0], { ...below, x: frame.left, "text-anchor": "start" }));
  if (values.length > 1) marks.push(label(ends[1], { ...below, x: width - frame.right, "text-anchor": "end" }));
  return figure({ id, width, height, title, description, className: "version-curve" }, ...marks);
}
