import { element, ornament } from "./svg.js";

export interface RankMarkOptions {
  best: number;
  worst: number;
  /** How many entries are ranked. */
  of: number;
}

const place = 7;
const height = 12;

/** A row of places, the ones that the data allow joined by a bar. */
export function rankMark({ best, worst, of }: RankMarkOptions): string {
  const x = (rank: number) => (rank - 0.5) * place;
  const places = Array.from({ length: of }, (_, index) =>
    element("circle", { class: "place", cx: x(index + 1), cy: height / 2, r: 1.2 }),
  );
  const span = element("line", { class: "span", x1: x(best), x2: x(worst) + 0.01, y1: height / 2, y2: height / 2 });
  return ornament(of * place, height, "rank-mark", ...places, span);
}
