import { linearScale } from "./scale.js";
import { element, label, ornament } from "./svg.js";

export interface RetentionMarkOptions {
  /** Mean score of each task just after it was learned, on 0..1. */
  learned: number | null;
  /** Mean score at the end of the sequence, with its interval where there is one. */
  final: number | null;
  low: number | null;
  high: number | null;
  /** Reference scores that run through every row: without learning, and with all tasks learned at once. */
  floor: number | null;
  ceiling: number | null;
  /** The row is itself a reference. */
  reference: boolean;
}

const width = 216;
const height = 40;
/** How far the references reach beyond the mark, to meet those of the rows above and below. */
const reach = 60;
const middle = height / 2;
const x = linearScale([0, 1], [8, width - 8]);

/**
 * What was learned (hollow), what is left (solid), and the loss or gain between them. In a table's column the
 * reference lines of all rows join.
 */
export function retentionMark(options: RetentionMarkOptions): string {
  const { learned, final, low, high, floor, ceiling, reference } = options;
  const marks = [
    ...[0, 0.25, 0.5, 0.75, 1].map((tick) => vertical("grid", tick)),
    floor === null ? "" : vertical("bound", floor),
    ceiling === null ? "" : vertical("bound", ceiling),
  ];
  if (final !== null) {
    if (low !== null && high !== null) marks.push(interval(low, high));
    if (learned !== null && learned !== final) {
      const side = final < learned ? "loss" : "gain";
      marks.push(element("line", { class: `change ${side}`, x1: x(learned), x2: x(final), y1: middle, y2: middle }));
      marks.push(element("circle", { class: "before", cx: x(learned), cy: middle, r: 4 }));
    }
    marks.push(element("circle", { class: reference ? "after reference" : "after", cx: x(final), cy: middle, r: 5 }));
  }
  return ornament(width, height, "retention-mark", ...marks);
}

/** The axis of a column of retention marks, for its header. */
export function retentionAxis(): string {
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((tick) =>
    label(String(tick * 100), { x: x(tick), y: 11, "text-anchor": "middle" }),
  );
  return ornament(width, 14, "retention-axis", ...ticks);
}

function vertical(className: string, value: number): string {
  return element("line", { class: className, x1: x(value), x2: x(value), y1: -reach, y2: height + reach });
}

/** A bracket; an end beyond the scale is left open. */
function interval(low: number, high: number): string {
  const [from, to] = [x(low), x(high)];
  const line = element("line", { class: "interval", x1: from, x2: to, y1: middle, y2: middle });
  const cap = (value: number, at: number) =>
    value < 0 || value > 1
      ? ""
      : element("line", { class: "interval", x1: at, x2: at, y1: middle - 6, y2: middle + 6 });
  return line + cap(low, from) + cap(high, to);
}
