import { decorativeSvg, element } from "./svg.js";

export interface RankMarkOptions {
  best: number;
  worst: number;
  /** How many entries are ranked. */
  of: number;
}

const spacing = 7;
const widest = 112;
const height = 12;

/**
 * A dot for each rank; a bar joins the ranks that are compatible with the data. Where dots would make the mark wider than a
 * column should be, a thin line stands for all ranks.
 */
export function rankMark({ best, worst, of }: RankMarkOptions): string {
  const width = Math.min(of * spacing, widest);
  const x = (rank: number) => ((rank - 0.5) * width) / of;
  const y = height / 2;
  const line = (name: string, from: number, to: number) =>
    element("line", { class: name, x1: x(from), x2: x(to) + 0.01, y1: y, y2: y });
  const ranks =
    of * spacing > widest
      ? [line("ranks", 1, of)]
      : Array.from({ length: of }, (_, index) => element("circle", { class: "rank", cx: x(index + 1), cy: y, r: 1.2 }));
  return decorativeSvg(width, height, "rank-mark", ...ranks, line("span", best, worst));
}
