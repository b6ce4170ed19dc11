import { textWidth } from "./svg.js";

export interface LabelRequest {
  text: string;
  /** The point that the label names. */
  x: number;
  y: number;
}

export interface PlacedLabel {
  text: string;
  x: number;
  /** Baseline. */
  y: number;
  anchor: "start" | "middle" | "end";
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const lineHeight = 13;
const distance = 9;

/**
 * Puts a label next to each point: right, left, above or below, where it overlaps least with points and earlier labels.
 * Greedy, in the order given; text widths are estimates.
 */
export function placeLabels(requests: readonly LabelRequest[], bounds: Box): PlacedLabel[] {
  const taken: Box[] = requests.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  return requests.map((request) => {
    const best = candidates(request)
      .map((candidate) => ({ candidate, cost: hidden(boxOf(candidate), taken) + outside(boxOf(candidate), bounds) }))
      .reduce((a, b) => (b.cost < a.cost ? b : a)).candidate;
    taken.push(boxOf(best));
    return best;
  });
}

function candidates({ text, x, y }: LabelRequest): PlacedLabel[] {
  const steps = [0, -1, 1, -2, 2].map((step) => y + 4 + step * lineHeight);
  return [
    { text, x: x + distance, y: y + 15, anchor: "start" },
    { text, x: x + distance, y: y + 4, anchor: "start" },
    { text, x: x - distance, y: y + 4, anchor: "end" },
    { text, x, y: y - distance, anchor: "middle" },
    { text, x, y: y + distance + 9, anchor: "middle" },
    ...steps.flatMap((baseline): PlacedLabel[] => [
      { text, x: x + distance, y: baseline, anchor: "start" },
      { text, x: x - distance, y: baseline, anchor: "end" },
    ]),
  ];
}

function boxOf({ text, x, y, anchor }: PlacedLabel): Box {
  const width = textWidth(text);
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, right: left + width, top: y - lineHeight + 3, bottom: y + 3 };
}

/** The area that a box shares with those that are taken. */
function hidden(box: Box, taken: readonly Box[]): number {
  return taken.reduce((area, other) => {
    const width = Math.min(box.right, other.right) - Math.max(box.left, other.left);
    const height = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
    return width > 0 && height > 0 ? area + width * height : area;
  }, 0);
}

function outside(box: Box, bounds: Box): number {
  const over = [bounds.left - box.left, box.right - bounds.right, bounds.top - box.top, box.bottom - bounds.bottom];
  return over.reduce((sum, length) => sum + (length > 0 ? length * 100 : 0), 0);
}
