import type { RandomStream } from "../../../harness/contract/random.js";
import { Canvas, type Color, cellSize, pictureSize } from "./canvas.js";
import { isInked } from "./glyphs.js";

export const shapes = ["circle", "square", "triangle", "cross"] as const;
export const colors = ["red", "green", "blue", "yellow"] as const;
export type Shape = (typeof shapes)[number];
export type ColorName = (typeof colors)[number];

/** Places in a row and in a column of a picture. */
export const across = pictureSize / cellSize;
/** The highest bar. */
export const mostHeight = 7;

/** A shape in one of 4 × 4 places. */
export interface Thing {
  shape: Shape;
  color: ColorName;
  column: number;
  row: number;
}

/** What a picture shows. */
export type Scene =
  | { kind: "things"; things: Thing[] }
  | { kind: "text"; text: string; row: number }
  /** Heights of bars from left to right, 1 to 7 each, and their colors. */
  | { kind: "bars"; bars: { color: ColorName; height: number }[] };

/** How pictures are painted: the familiar look on bright paper, the shifted one on dark paper, out of line with the places. */
export type Look = "familiar" | "shifted";

const inks: Record<ColorName, Color> = {
  red: [214, 40, 40],
  green: [38, 150, 60],
  blue: [40, 80, 210],
  yellow: [230, 190, 20],
};
const looks: Record<Look, { paper: Color; ink: Color; offset: number; spread: number }> = {
  familiar: { paper: [238, 238, 238], ink: [25, 25, 25], offset: 1, spread: 14 },
  shifted: { paper: [70, 62, 82], ink: [235, 235, 220], offset: 2, spread: 24 },
};

/** Which pixels of its 7 × 7 square a shape covers. */
const covered: Record<Shape, (x: number, y: number) => boolean> = {
  circle: (x, y) => (x - 3) ** 2 + (y - 3) ** 2 <= 11,
  square: () => true,
  triangle: (x, y) => Math.abs(x - 3) <= y / 2,
  cross: (x, y) => Math.abs(x - 3) <= 1 || Math.abs(y - 3) <= 1,
};

/** Paints a scene: all of it displaced by some pixels, each color and the paper a little off; drawn from the stream. */
export function paint(scene: Scene, look: Look, stream: RandomStream): Uint8Array {
  const { paper, ink, offset, spread } = looks[look];
  const near = (color: Color) =>
    color.map((value) => Math.min(255, Math.max(0, value + stream.integer(2 * spread + 1) - spread))) as [
      number,
      number,
      number,
    ];
  const canvas = new Canvas(near(paper));
  const [right, down] = [stream.integer(offset + 1), stream.integer(offset + 1)];
  if (scene.kind === "things") {
    for (const { shape, color, column, row } of scene.things) {
      canvas.paint(near(inks[color]), column * cellSize + right, row * cellSize + down, 7, 7, covered[shape]);
    }
  } else if (scene.kind === "text") {
    const color = near(ink);
    for (const [index, character] of [...scene.text].entries()) {
      const left = index * cellSize + 1 + right;
      canvas.paint(color, left, scene.row * cellSize + down, 5, 7, (x, y) => isInked(character, x, y));
    }
  } else {
    for (const [index, { color, height }] of scene.bars.entries()) {
      const pixels = height * 4;
      const top = pictureSize - pixels;
      canvas.paint(near(inks[color]), index * cellSize + 1 + right, top, 5, pixels, () => true);
    }
  }
  return canvas.pixels;
}
