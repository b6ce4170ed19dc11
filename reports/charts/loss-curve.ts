import { gridLines, tickLabels } from "./axes.js";
import { linearScale, roundDomain } from "./scale.js";
import { element, figure, label, linePath, textWidth } from "./svg.js";

export interface LossCurveOptions {
  id: string;
  title: string;
  description: string;
  /** What is learned, in order; steps count within each. */
  segments: readonly {
    name: string;
    short: string;
    steps: number;
    points: readonly { step: number; loss: number }[];
  }[];
}

const width = 400;
const height = 150;
const frame = { left: 34, right: 14, top: 24, bottom: 22 };

/** The training loss over all steps, a line for each task. */
export function lossCurve({ id, title, description, segments }: LossCurveOptions): string {
  const starts = segments.map((_, index) => segments.slice(0, index).reduce((sum, { steps }) => sum + steps, 0));
  const steps = (starts.at(-1) ?? 0) + (segments.at(-1)?.steps ?? 0);
  const losses = segments.flatMap(({ points }) => points.map(({ loss }) => loss));
  const [right, bottom] = [width - frame.right, height - frame.bottom];
  const x = linearScale([0, Math.max(steps, 1)], [frame.left, right]);
  const y = linearScale(roundDomain(losses, 3), [bottom, frame.top]);
  const marks = [
    ...gridLines(y, { ticks: y.ticks(3), left: frame.left, right, gap: 6 }),
    ...tickLabels(x, x.ticks(5), bottom + 15),
  ];
  for (const [index, { name, short, steps: own, points }] of segments.entries()) {
    const [from, to] = [x(starts[index]!), x(starts[index]! + own)];
    const text = textWidth(name, 11) < to - from - 6 ? name : short;
    marks.push(
      element("line", { class: "boundary", x1: from, x2: from, y1: frame.top - 14, y2: bottom }),
      textWidth(text, 11) < to - from - 2 ? label(text, { class: "axis", x: from + 4, y: frame.top - 6 }) : "",
      element("path", {
        class: "loss",
        d: linePath(points.map(({ step, loss }) => [x(starts[index]! + step), y(loss)])),
      }),
    );
  }
  return figure({ id, width, height, title, description, className: "loss-curve" }, ...marks);
}
