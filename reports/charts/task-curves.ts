import { scoreGrid, tickLabels } from "./axes.js";
import { linearScale } from "./scale.js";
import { element, escapeXml, figure, label, linePath, textWidth } from "./svg.js";

export interface TaskCurvesOptions {
  id: string;
  title: string;
  description: string;
  /** What is learned, in order, and in how many steps; the boundaries between them are marked. */
  segments: readonly { name: string; short: string; steps: number }[];
  /** One a task. Steps count from the first segment on; scores are on 0..1. */
  lines: readonly { name: string; points: readonly CurvePoint[] }[];
}

export interface CurvePoint {
  step: number;
  score: number;
  /** Whether the accuracy matrix has it too: measured between two tasks. */
  row: boolean;
}

const width = 720;
const height = 260;
const frame = { left: 34, right: 30, top: 26, bottom: 34 };
const lineHeight = 12;

/** Scores of tasks over all training steps: one line per task, with dots at the measurements that enter the matrix. */
export function taskCurves({ id, title, description, segments, lines }: TaskCurvesOptions): string {
  const ends = segments.map((_, index) => segments.slice(0, index + 1).reduce((sum, { steps }) => sum + steps, 0));
  const [right, bottom] = [width - frame.right, height - frame.bottom];
  const x = linearScale([0, Math.max(ends.at(-1) ?? 0, 1)], [frame.left, right]);
  const y = linearScale([0, 1], [bottom, frame.top]);
  const marks = scoreGrid(y, { left: frame.left, right, gap: 7 });
  marks.push(...tickLabels(x, x.ticks(6), bottom + 15));
  marks.push(label("training steps →", { class: "axis-title", x: right, y: height - 4, "text-anchor": "end" }));
  for (const [index, { name, short }] of segments.entries()) {
    const [from, to] = [x(ends[index - 1] ?? 0), x(ends[index]!)];
    marks.push(element("line", { class: "boundary", x1: from, x2: from, y1: frame.top - 18, y2: bottom }));
    const text = textWidth(name) < to - from - 8 ? name : short;
    const color = segments.length === lines.length ? hue(index) : undefined;
    marks.push(label(text, { class: "learns", style: color, x: from + 5, y: frame.top - 8 }));
  }
  for (const [index, { name, points }] of lines.entries()) {
    const at = points.map(({ step, score }) => [x(step), y(score)] as const);
    const dots = points.flatMap(({ row }, point) =>
      row ? [element("circle", { cx: at[point]![0], cy: at[point]![1], r: 2.4 })] : [],
    );
    const tooltip = element("title", {}, escapeXml(name));
    marks.push(
      element("g", { class: "task", style: hue(index) }, tooltip, element("path", { d: linePath(at) }), ...dots),
    );
  }
  const finals = lines.flatMap(({ points }, index) => {
    const last = points.at(-1);
    return last === undefined ? [] : [{ index, y: y(last.score) }];
  });
  for (const { index, y: baseline } of apart(finals, bottom)) {
    marks.push(label(String(index + 1), { class: "learns", style: hue(index), x: right + 8, y: baseline + 4 }));
  }
  return figure({ id, width, height, title, description, className: "task-curves" }, ...marks);
}

/** Hues by the golden angle: neighbors differ clearly, however many there are. */
const hue = (index: number): string => `--hue:${Math.round(25 + index * 137.5) % 360}`;

/** Labels of one column, moved down and then up until none hides another. */
function apart<T extends { y: number }>(labels: readonly T[], bottom: number): T[] {
  const placed = labels.map((item) => ({ ...item })).sort((a, b) => a.y - b.y);
  for (const [index, item] of placed.entries()) {
    if (index > 0) item.y = Math.max(item.y, placed[index - 1]!.y + lineHeight);
  }
  let floor = bottom;
  for (const item of placed.reverse()) {
    item.y = Math.min(item.y, floor);
    floor = item.y - lineHeight;
  }
  return placed;
}
