import { pointsOf } from "./axes.js";
import { linearScale } from "./scale.js";
import { element, figure, label, textWidth } from "./svg.js";

export interface ChangePlotOptions {
  id: string;
  title: string;
  description: string;
  rows: readonly {
    name: string;
    /** Scores on 0..1 before and after training. */
    before: number | null;
    after: number | null;
    reference: boolean;
  }[];
}

const width = 420;
const line = 26;
const top = 8;

/** For each trainer, the score of an ability before training (hollow) and after the last task (solid). */
export function changePlot({ id, title, description, rows }: ChangePlotOptions): string {
  const gutter = Math.ceil(Math.max(...rows.map(({ name }) => textWidth(name)))) + 10;
  const x = linearScale([0, 1], [gutter + 8, width - 44]);
  const bottom = top + rows.length * line;
  const grid = [0, 0.5, 1].flatMap((tick) => [
    element("line", { class: "grid", x1: x(tick), x2: x(tick), y1: top, y2: bottom }),
    label(pointsOf(tick), { class: "axis", x: x(tick), y: bottom + 14, "text-anchor": "middle" }),
  ]);
  const marks = rows.flatMap(({ name, before, after, reference }, index) => {
    const y = top + (index + 0.5) * line;
    const drawn = [
      label(name, { class: reference ? "name reference" : "name", x: gutter - 6, y: y + 4, "text-anchor": "end" }),
    ];
    if (before === null || after === null) {
      return [...drawn, label("not measured", { class: "axis", x: x(0) + 4, y: y + 4 })];
    }
    const side = after < before ? "loss" : "gain";
    if (after !== before) {
      drawn.push(element("line", { class: `change ${side}`, x1: x(before), x2: x(after), y1: y, y2: y }));
    }
    drawn.push(element("circle", { class: "before", cx: x(before), cy: y, r: 4 }));
    drawn.push(element("circle", { class: reference ? "after reference" : "after", cx: x(after), cy: y, r: 4.5 }));
    const delta = Math.round((after - before) * 100);
    drawn.push(
      label(signed(delta), {
        class: delta < 0 ? "delta loss" : delta > 0 ? "delta gain" : "delta",
        x: width - 4,
        y: y + 4,
        "text-anchor": "end",
      }),
    );
    return drawn;
  });
  return figure({ id, title, description, width, height: bottom + 20, className: "change-plot" }, ...grid, ...marks);
}

function signed(points: number): string {
  return points === 0 ? "±0" : points > 0 ? `+${points}` : `−${-points}`;
}
