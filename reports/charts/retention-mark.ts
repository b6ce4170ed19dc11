import { pointsOf, scoreTicks } from "./axes.js";
import { linearScale } from "./scale.js";
import { decorativeSvg, element, label } from "./svg.js";

export interface RetentionMarkOptions {
  /** Mean score on each task directly after learning it, on 0..1. */
  learningAccuracy: number | null;
  /** Mean score after the last task, with its interval where there is one. */
  final: number | null;
  low: number | null;
  high: number | null;
  /** Reference scores, drawn through every row: without training, and with joint training. */
  floor: number | null;
  ceiling: number | null;
  /** The row is itself a reference. */
  reference: boolean;
}

const width = 216;
const height = 40;
/** How far the reference lines extend beyond the mark, to meet those of the adjacent rows. */
const reach = 60;
const middle = height / 2;
const x = linearScale([0, 1], [8, width - 8]);

/**
 * Learning accuracy (hollow), final score (solid), and the change between them. In a table column the reference lines
 * of all rows join.
 */
export function retentionMark(options: RetentionMarkOptions): string {
  const { learningAccuracy, final, low, high, floor, ceiling, reference } = options;
  const marks = [
    ...scoreTicks.map((tick) => vertical("grid", tick)),
    floor === null ? "" : vertical("bound", floor),
    ceiling === null ? "" : vertical("bound", ceiling),
  ];
  if (final !== null) {
    if (low !== null && high !== null) marks.push(interval(low, high));
    if (learningAccuracy !== null && learningAccuracy !== final) {
      const side = final < learningAccuracy ? "loss" : "gain";
      marks.push(
        element("line", { class: `change ${side}`, x1: x(learningAccuracy), x2: x(final), y1: middle, y2: middle }),
      );
      marks.push(element("circle", { class: "before", cx: x(learningAccuracy), cy: middle, r: 4 }));
    }
    marks.push(element("circle", { class: reference ? "after reference" : "after", cx: x(final), cy: middle, r: 5 }));
  }
  return decorativeSvg(width, height, "retention-mark", ...marks);
}

/** The axis of a column of retention marks, for its header. */
export function retentionAxis(): string {
  const ticks = scoreTicks.map((tick) => label(pointsOf(tick), { x: x(tick), y: 11, "text-anchor": "middle" }));
  return decorativeSvg(width, 14, "retention-axis", ...ticks);
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
