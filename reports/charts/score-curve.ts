import { linearScale } from "./scale.js";
import { decorativeSvg, element, linePath } from "./svg.js";

export interface ScoreCurveOptions {
  /** Scores on 0..1 after each row, row 0 first; null where nothing was measured. */
  values: readonly (number | null)[];
  /** The row after which the task is learned; before it the curve is drawn faint. */
  learnedAt: number;
  /** Whether the area between the score after learning and the later scores is filled. */
  shaded: boolean;
  /** Other curves, drawn in gray behind for comparison. */
  context?: readonly (readonly (number | null)[])[];
  width: number;
  height: number;
}

/** A score over the task sequence: faint before the task is learned, strong after; the change since is shaded. */
export function scoreCurve({ values, learnedAt, shaded, context = [], width, height }: ScoreCurveOptions): string {
  const x = linearScale([0, Math.max(values.length - 1, 1)], [4, width - 4]);
  const y = linearScale([0, 1], [height - 4, 4]);
  const points = (line: readonly (number | null)[], from: number, to: number) =>
    line.flatMap((value, row) => (value === null || row < from || row > to ? [] : [[x(row), y(value)] as const]));
  const learned = points(values, learnedAt, values.length - 1);
  const marks = [
    element("line", { class: "base", x1: 0, x2: width, y1: y(0), y2: y(0) }),
    ...context.map((line) => element("path", { class: "context", d: linePath(points(line, 0, line.length - 1)) })),
  ];
  const [first, last] = [learned[0], learned.at(-1)];
  if (first === undefined || last === undefined) return decorativeSvg(width, height, "score-curve", ...marks);
  if (shaded && learned.length > 1) {
    const level: (readonly [number, number])[] = [[last[0], first[1]]];
    marks.push(
      element("path", { class: last[1] > first[1] ? "lost" : "won", d: `${linePath([...learned, ...level])}Z` }),
    );
  }
  marks.push(
    element("path", { class: "ahead", d: linePath(points(values, 0, learnedAt)) }),
    element("path", { class: "learned", d: linePath(learned) }),
    element("circle", { class: "before", cx: first[0], cy: first[1], r: 2.6 }),
    learned.length > 1 ? element("circle", { class: "after", cx: last[0], cy: last[1], r: 2.6 }) : "",
  );
  return decorativeSvg(width, height, "score-curve", ...marks);
}
