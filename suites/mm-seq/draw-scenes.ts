import type { RandomStream } from "../../harness/contract/random.js";
import {
  across,
  type ColorName,
  colors,
  mostHeight,
  type Scene,
  type Shape,
  shapes,
  type Thing,
} from "./pictures/scene.js";

type Of<Kind extends Scene["kind"]> = Extract<Scene, { kind: Kind }>;

/** Things in places of their own. */
export function drawThings(
  count: number,
  stream: RandomStream,
  colorNames: readonly ColorName[] = colors,
): Of<"things"> {
  const places = stream.sample([...Array(across ** 2).keys()], count);
  return {
    kind: "things",
    things: places.map((place) => ({
      shape: stream.pick(shapes),
      color: stream.pick(colorNames),
      column: place % across,
      row: Math.floor(place / across),
    })),
  };
}

/** Two things that differ, in one row or one column. */
export function drawPair(stream: RandomStream): { scene: Of<"things">; first: Thing; second: Thing } {
  const kinds = shapes.flatMap((shape) =>
    colors.map((color): { shape: Shape; color: ColorName } => ({ shape, color })),
  );
  const [one, other] = stream.sample(kinds, 2) as [Pick<Thing, "shape" | "color">, Pick<Thing, "shape" | "color">];
  const [from, to] = stream.sample([...Array(across).keys()], 2) as [number, number];
  const line = stream.integer(across);
  const at = (place: number) => (sideways ? { column: place, row: line } : { column: line, row: place });
  const sideways = stream.integer(2) === 0;
  const [first, second] = [
    { ...one, ...at(from) },
    { ...other, ...at(to) },
  ];
  return { scene: { kind: "things", things: [first, second] }, first, second };
}

/** A text in one of the rows. */
export function drawText(text: string, stream: RandomStream): Of<"text"> {
  return { kind: "text", text, row: stream.integer(across) };
}

/** A bar of each color, of different heights; and the colors of the lowest and of the highest one. */
export function drawBars(stream: RandomStream): { scene: Of<"bars">; lowest: ColorName; highest: ColorName } {
  const heights = stream.sample(
    Array.from({ length: mostHeight }, (_, index) => index + 1),
    colors.length,
  );
  const bars = stream.shuffle(colors).map((color, index) => ({ color, height: heights[index]! }));
  const sorted = [...bars].sort((a, b) => a.height - b.height);
  return { scene: { kind: "bars", bars }, lowest: sorted[0]!.color, highest: sorted.at(-1)!.color };
}

/** Where the first thing is, as seen from the second. */
export function relationOf(first: Thing, second: Thing): Relation {
  if (first.row === second.row) return first.column < second.column ? "left" : "right";
  return first.row < second.row ? "above" : "below";
}

export const relations = ["left", "right", "above", "below"] as const;
export type Relation = (typeof relations)[number];

/** A thing in words. */
export const nameOf = ({ color, shape }: Pick<Thing, "shape" | "color">): string => `${color} ${shape}`;
/** The name of a relation before what it refers to. */
export const phraseOf: Record<Relation, string> = {
  left: "left of",
  right: "right of",
  above: "above",
  below: "below",
};

/** The one of two things that is read first, row by row, and where it is, in words, as seen from the other. */
export function asRead(first: Thing, second: Thing): { one: Thing; other: Thing; relation: string } {
  const isFirst = (first.row - second.row || first.column - second.column) <= 0;
  const [one, other] = isFirst ? [first, second] : [second, first];
  return { one, other, relation: phraseOf[relationOf(one, other)] };
}
