import { linearScale } from "./scale.js";
import { decorativeSvg, element } from "./svg.js";

export interface IntervalMarkOptions {
  difference: number | null;
  low: number | null;
  high: number | null;
  /** The largest accepted drop, drawn as a dashed line. */
  margin?: number;
  /** Half the range of the axis; what exceeds it is clamped. */
  reach: number;
}

const width = 180;
const height = 22;
const middle = height / 2;

/** A difference with its interval on an axis around zero. */
export function intervalMark({ difference, low, high, margin, reach }: IntervalMarkOptions): string {
  const x = linearScale([-reach, reach], [6, width - 6]);
  const vertical = (className: string, value: number) =>
    element("line", { class: className, x1: x(value), x2: x(value), y1: 1, y2: height - 1 });
  const marks = [vertical("grid", 0), margin === undefined ? "" : vertical("bound", -margin)];
  if (low !== null && high !== null) {
    marks.push(element("line", { class: "interval", x1: x(low), x2: x(high), y1: middle, y2: middle }));
  }
  if (difference !== null) marks.push(element("circle", { class: "after", cx: x(difference), cy: middle, r: 3.5 }));
  return decorativeSvg(width, height, "interval-mark", ...marks);
}
