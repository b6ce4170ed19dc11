import type { Scale } from "./scale.js";
import { element, label } from "./svg.js";

/** Where a score on 0..1 has its ticks, which are shown in points of 100. */
export const scoreTicks = [0, 0.25, 0.5, 0.75, 1];
export const pointsOf = (score: number): string => String(score * 100);

export interface GridOptions {
  ticks: readonly number[];
  /** Ends of the lines. */
  left: number;
  right: number;
  /** Pixels between a line and its text. */
  gap: number;
  text?(tick: number): string;
}

/** Lines across a plot at ticks of its vertical axis, with their texts to the left. */
export function gridLines(y: Scale, { ticks, left, right, gap, text = String }: GridOptions): string[] {
  return ticks.flatMap((tick) => [
    element("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
    label(text(tick), { class: "axis", x: left - gap, y: y(tick) + 4, "text-anchor": "end" }),
  ]);
}

/** Grid lines of a vertical axis of scores on 0..1. */
export function scoreGrid(y: Scale, place: Pick<GridOptions, "left" | "right" | "gap">): string[] {
  return gridLines(y, { ...place, ticks: scoreTicks, text: pointsOf });
}

/** Texts of ticks of a horizontal axis. */
export function tickLabels(x: Scale, ticks: readonly number[], baseline: number): string[] {
  return ticks.map((tick) => label(String(tick), { class: "axis", x: x(tick), y: baseline, "text-anchor": "middle" }));
}

/** Ticks of a horizontal axis below a plot, each with its text. */
export function axisTicks(
  x: Scale,
  ticks: readonly number[],
  bottom: number,
  text: (tick: number) => string = String,
): string[] {
  return ticks.flatMap((tick) => [
    element("line", { class: "tick", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }),
    label(text(tick), { class: "axis", x: x(tick), y: bottom + 18, "text-anchor": "middle" }),
  ]);
}
