/** Red, green and blue, 0 to 255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** Sides of every picture, and of the places that objects and letters are put in. */
export const [pictureSize, cellSize] = [32, 8];

/** A square picture that is painted on: [32, 32, 3]. */
export class Canvas {
  readonly pixels: Uint8Array;

  constructor(background: Color) {
    this.pixels = new Uint8Array(pictureSize ** 2 * 3);
    this.paint(background, 0, 0, pictureSize, pictureSize, () => true);
  }

  /** Colors the pixels of a rectangle for which `covers` is true; what lies outside of the picture is left out. */
  paint(
    color: Color,
    left: number,
    top: number,
    width: number,
    height: number,
    covers: (x: number, y: number) => boolean,
  ): void {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [column, row] = [left + x, top + y];
        if (Math.min(column, row) < 0 || Math.max(column, row) >= pictureSize || !covers(x, y)) continue;
        this.pixels.set(color, (row * pictureSize + column) * 3);
      }
    }
  }
}
