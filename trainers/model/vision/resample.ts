import type { Picture } from "../../../harness/images/decode.js";

/** A resampling filter of Pillow. */
export type Filter = keyof typeof filters;

const filters = {
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: bicubic },
};

/** Keys' cubic convolution with a = −0.5 (IEEE TASSP 29(6), 1981). */
function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/** Bits of a weight's fraction: 32, less 8 of a sample and 2 for sums that overshoot. */
const fraction = 22;

/**
 * Resizes as Pillow's `Image.resize` does, bit for bit: the filter widens where the picture shrinks, weights are fixed-point
 * numbers, and each pass, rows first, rounds to 8 bits (https://github.com/python-pillow/Pillow, src/libImaging/Resample.c).
 */
export function resample(picture: Picture, width: number, height: number, filter: Filter): Picture {
  const across = width === picture.width ? picture : pass(picture, "width", width, filter);
  return height === picture.height ? across : pass(across, "height", height, filter);
}

/** Resizes along one axis. */
function pass(picture: Picture, axis: "width" | "height", size: number, filter: Filter): Picture {
  const result = { ...picture, [axis]: size };
  const pixels = new Uint8Array(result.width * result.height * 3);
  const lines = axis === "width" ? picture.height : picture.width;
  const stride = ({ width }: Picture) =>
    axis === "width" ? { line: 3 * width, step: 3 } : { line: 3, step: 3 * width };
  const [from, to] = [stride(picture), stride(result)];
  for (const [place, { first, weights }] of windows(picture[axis], size, filter).entries()) {
    for (let line = 0; line < lines; line++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 1 << (fraction - 1);
        let source = line * from.line + first * from.step + channel;
        for (let i = 0; i < weights.length; i++, source += from.step) sum += picture.pixels[source]! * weights[i]!;
        pixels[line * to.line + place * to.step + channel] = Math.min(255, Math.max(0, sum >> fraction));
      }
    }
  }
  return { ...result, pixels };
}

/** For each place of the result the first place that it is made of, and the weights from there on. */
function windows(before: number, after: number, filter: Filter): { first: number; weights: Int32Array }[] {
  const { support, weight } = filters[filter];
  const scale = before / after;
  const widening = Math.max(scale, 1);
  const reach = support * widening;
  return Array.from({ length: after }, (_, place) => {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(before, Math.trunc(center + reach + 0.5));
    const own = Array.from({ length: end - first }, (_, i) => weight((i + first - center + 0.5) * (1 / widening)));
    const total = own.reduce((sum, value) => sum + value, 0);
    const fixed = own.map((value) => (total === 0 ? value : value / total) * (1 << fraction));
    return { first, weights: Int32Array.from(fixed, (value) => Math.trunc(value + (value < 0 ? -0.5 : 0.5))) };
  });
}
