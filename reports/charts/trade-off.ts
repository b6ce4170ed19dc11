import { axisTicks, scoreGrid } from "./axes.js";
import { placeLabels } from "./place-labels.js";
import { linearScale, roundDomain } from "./scale.js";
import { element, figure, label, linePath } from "./svg.js";

export interface TradeOffPoint {
  name: string;
  /** What it cost. "all" means all past data, drawn in a band of its own at the right. */
  cost: number | "all";
  /** Mean score on 0..1, with its interval where there is one. */
  score: number;
  low: number | null;
  high: number | null;
  reference: boolean;
}

export interface TradeOffOptions {
  id: string;
  title: string;
  description: string;
  /** Title of the cost axis with its unit. */
  axis: string;
  points: readonly TradeOffPoint[];
  formatCost(cost: number): string;
}

const width = 520;
const height = 340;
const frame = { left: 40, right: 24, top: 14, bottom: 46 };
const bandWidth = 76;

/** Score against cost: higher is better, further left is cheaper. The line connects the Pareto front. */
export function tradeOff({ id, title, description, axis, points, formatCost }: TradeOffOptions): string {
  const costs = points.flatMap(({ cost }) => (cost === "all" ? [] : [cost]));
  const banded = points.some(({ cost }) => cost === "all");
  const right = width - frame.right - (banded ? bandWidth : 0);
  const bottom = height - frame.bottom;
  const x = linearScale(roundDomain(costs, 4), [frame.left + 12, right]);
  const y = linearScale([0, 1], [bottom, frame.top]);
  const at = ({ cost, score }: TradeOffPoint) =>
    [cost === "all" ? width - frame.right - bandWidth / 2 + 12 : x(cost), y(score)] as const;

  const marks = scoreGrid(y, { left: frame.left, right: width - frame.right, gap: 8 });
  marks.push(...axisTicks(x, costs.some((cost) => cost > 0) ? x.ticks(4) : [0], bottom, formatCost));
  if (banded) {
    const middle = width - frame.right - bandWidth / 2 + 12;
    marks.push(element("line", { class: "band", x1: right + 18, x2: right + 18, y1: frame.top, y2: bottom }));
    marks.push(label("all", { class: "axis", x: middle, y: bottom + 18, "text-anchor": "middle" }));
  }
  marks.push(label(axis, { class: "axis-title", x: width - frame.right, y: height - 8, "text-anchor": "end" }));
  marks.push(element("path", { class: "frontier", d: linePath(frontier(points).map(at)) }));
  for (const point of points) marks.push(mark(point, at(point), y));
  const names = placeLabels(
    points.map((point) => ({ text: point.name, x: at(point)[0], y: at(point)[1] })),
    { left: frame.left, right: width, top: 0, bottom },
  );
  for (const { text, x: left, y: baseline, anchor } of names) {
    marks.push(label(text, { class: "name halo", x: left, y: baseline, "text-anchor": anchor }));
  }
  return figure({ id, title, description, width, height, className: "trade-off" }, ...marks);
}

/** The Pareto front, cheapest first, without references: no other entry at the same or lower cost scores higher. */
export function frontier(points: readonly TradeOffPoint[]): TradeOffPoint[] {
  const price = ({ cost }: TradeOffPoint) => (cost === "all" ? Number.POSITIVE_INFINITY : cost);
  const sorted = points
    .filter(({ reference }) => !reference)
    .sort((a, b) => (price(a) === price(b) ? b.score - a.score : price(a) - price(b)));
  let best = Number.NEGATIVE_INFINITY;
  return sorted.filter(({ score }) => {
    if (score <= best) return false;
    best = score;
    return true;
  });
}

function mark(point: TradeOffPoint, [x, y]: readonly [number, number], scale: (value: number) => number): string {
  const interval =
    point.low === null || point.high === null
      ? ""
      : element("line", { class: "interval", x1: x, x2: x, y1: scale(point.low), y2: scale(point.high) });
  return interval + element("circle", { class: point.reference ? "after reference" : "after", cx: x, cy: y, r: 5 });
}
