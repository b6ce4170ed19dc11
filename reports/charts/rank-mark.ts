import { decorativeSvg, element } from "./svg.js";

export interface RankMarkOptions {
  best: number;
  worst: number;
  /** How many entries are ranked. */
  of: number;
}

const spacing = 7;
const height = 12;

/** A dot for each rank; a bar joins the ranks that are compatible with the data. */
export function rankMark({ best, worst, of }: RankMarkOptions): string {
  const x = (rank: number) => (rank - 0.5) * spacing;
  const ranks = Array.from({ length: of }, (_, index) =>
    element("circle", { class: "rank", cx: x(index + 1), cy: height / 2, r: 1.2 }),
  );
  const span = element("line", { class: "span", x1: x(best), x2: x(worst) + 0.01, y1: height / 2, y2: height / 2 });
  return decorativeSvg(of * spacing, height, "rank-mark", ...ranks, span);
}
