import { gridLines, tickLabels } from "./axes.js";
import { linearScale } from "./scale.js";
import { element, figure, label, linePath } from "./svg.js";

export interface EvidenceCurveOptions {
  id: string;
  title: string;
  description: string;
  /** Wealth of both bets after so many pairs, in ascending order of pairs. */
  course: readonly { pairs: number; worse: number; notWorse: number }[];
  /** Where each bet decides. */
  bounds: { worse: number; notWorse: number };
}

const width = 400;
const height = 170;
const frame = { left: 40, right: 10, top: 12, bottom: 34 };

/** The least power of ten that is drawn: below it a bet is lost, whatever its wealth. */
const least = -2;

const exponent = (wealth: number): number => Math.max(least, Math.log10(Math.max(wealth, Number.MIN_VALUE)));

/** The wealth of the bets that a candidate is worse, and that it is not, on a logarithmic scale, with their bounds. */
export function evidenceCurve({ id, title, description, course, bounds }: EvidenceCurveOptions): string {
  const [right, bottom] = [width - frame.right, height - frame.bottom];
  const most = Math.max(
    ...Object.values(bounds).map((bound) => exponent(bound) + 0.4),
    ...course.flatMap(({ worse, notWorse }) => [exponent(worse), exponent(notWorse)].filter(Number.isFinite)),
  );
  const x = linearScale([0, Math.max(course.at(-1)?.pairs ?? 0, 1)], [frame.left, right]);
  const y = linearScale([least, Math.min(most, 12)], [bottom, frame.top]);
  const powers = y.ticks(4).filter(Number.isInteger);
  const marks = [
    ...gridLines(y, { ticks: powers, left: frame.left, right, gap: 6, text: wealthText }),
    ...tickLabels(x, x.ticks(5).filter(Number.isInteger), bottom + 15),
  ];
  marks.push(label("pairs of observations →", { class: "axis-title", x: right, y: height - 4, "text-anchor": "end" }));
  for (const side of ["worse", "notWorse"] as const) {
    const level = y(exponent(bounds[side]));
    const line = linePath(course.map((point) => [x(point.pairs), y(exponent(point[side]))]));
    marks.push(
      element("line", { class: `bound ${side}`, x1: frame.left, x2: right, y1: level, y2: level }),
      element("path", { class: `wealth ${side}`, d: line }),
    );
  }
  return figure({ id, width, height, title, description, className: "evidence-curve" }, ...marks);
}

const wealthText = (power: number): string => (power < 4 ? String(10 ** power) : `1e${power}`);
