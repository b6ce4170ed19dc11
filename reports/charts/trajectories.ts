import { axisTicks, scoreGrid } from "./axes.js";
import { placeLabels } from "./place-labels.js";
import { linearScale } from "./scale.js";
import { element, figure, label, linePath } from "./svg.js";

/** What one trainer passes through: a point after each task, the state before training first. */
export interface Trajectory {
  name: string;
  /** x in points, y on 0..1. */
  points: readonly { x: number; y: number }[];
  reference: boolean;
}

export interface TrajectoryOptions {
  id: string;
  title: string;
  description: string;
  /** Title of the horizontal axis with its unit. */
  axis: string;
  trajectories: readonly Trajectory[];
}

const width = 520;
const height = 340;
const frame = { left: 40, right: 24, top: 14, bottom: 46 };

/** Scores against a loss, over a sequence of tasks: each line starts before training and ends, named, after the last task. */
export function trajectoryChart({ id, title, description, axis, trajectories }: TrajectoryOptions): string {
  const values = trajectories.flatMap(({ points }) => points.map(({ x }) => x));
  const bottom = height - frame.bottom;
  const x = linearScale([Math.min(0, ...values), Math.max(1, ...values)], [frame.left + 12, width - frame.right - 70]);
  const y = linearScale([0, 1], [bottom, frame.top]);
  const marks = scoreGrid(y, { left: frame.left, right: width - frame.right, gap: 8 });
  marks.push(...axisTicks(x, x.ticks(5), bottom));
  marks.push(label(axis, { class: "axis-title", x: width - frame.right, y: height - 8, "text-anchor": "end" }));
  const placed = trajectories.map(({ points, ...own }) => ({
    ...own,
    places: points.map((point) => [x(point.x), y(point.y)] as const),
  }));
  for (const { places, reference } of placed) {
    marks.push(element("path", { class: reference ? "trajectory reference" : "trajectory", d: linePath(places) }));
    for (const [cx, cy] of places.slice(0, -1)) marks.push(element("circle", { class: "passed", cx, cy, r: 2 }));
    const [cx, cy] = places.at(-1)!;
    marks.push(element("circle", { class: reference ? "after reference" : "after", cx, cy, r: 5 }));
  }
  const ends = placed.map(({ name, places }) => ({ text: name, x: places.at(-1)![0], y: places.at(-1)![1] }));
  const bounds = { left: frame.left, right: width, top: 0, bottom };
  for (const { text, x: left, y: baseline, anchor } of placeLabels(ends, bounds)) {
    marks.push(label(text, { class: "name halo", x: left, y: baseline, "text-anchor": anchor }));
  }
  return figure({ id, title, description, width, height, className: "trajectories" }, ...marks);
}
