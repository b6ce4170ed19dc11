import { BenchError } from "../../../harness/contract/errors.js";
import type { Picture } from "../../../harness/images/decode.js";
import { type Filter, resample } from "./resample.js";

/** How a picture becomes what a vision model reads, as `preprocessor_config.json` says it. */
export interface ImageProcessor {
  /** The size that the picture is resized to: that of its shortest edge, or both; null where it is not resized. */
  size: { shortestEdge: number } | { height: number; width: number } | null;
  filter: Filter;
  /** The middle of it that is kept; null for all. */
  crop: { height: number; width: number } | null;
  /** A value from 0 to 255 is multiplied by `scale`, then comes (value − mean) / deviation of its channel. */
  scale: number;
  mean: readonly number[];
  deviation: readonly number[];
}

/** A resized picture of more pixels comes from one that is a line. */
const mostPixels = 2 ** 24;

/**
 * Resizes and crops: [height, width, 3], still 0 to 255.
 *
 * @param file names the image in errors.
 * @throws DATA_INVALID where its shortest edge can only be resized with a longest one of an absurd size.
 */
export function framed(picture: Picture, { size, filter, crop }: ImageProcessor, file: string): Picture {
  const { height, width } = size === null ? picture : "height" in size ? size : aroundEdge(picture, size.shortestEdge);
  if (size !== null && width * height > mostPixels) {
    const problem = `The image has ${picture.width} × ${picture.height} pixels, for the model ${width} × ${height}`;
    const fix = "Crop it: its sides are too unequal.";
    throw new BenchError("DATA_INVALID", `${problem}; at most ${mostPixels} are computed.`, { at: { file }, fix });
  }
  const resized = resample(picture, width, height, filter);
  return crop === null ? resized : centerCrop(resized, crop);
}

/** Pixels [height · width, 3] → what the model reads, channel by channel: [3, height · width], in numpy's float32 arithmetic. */
export function normalized(pixels: Uint8Array, processor: ImageProcessor): Float32Array {
  const area = pixels.length / 3;
  const values = new Float32Array(pixels.length);
  for (let channel = 0; channel < 3; channel++) {
    const [mean, deviation] = [processor.mean[channel]!, processor.deviation[channel]!].map(Math.fround);
    const table = Float32Array.from({ length: 256 }, (_, sample) =>
      Math.fround(Math.fround(Math.fround(sample * processor.scale) - mean!) / deviation!),
    );
    for (let i = 0; i < area; i++) values[channel * area + i] = table[pixels[3 * i + channel]!]!;
  }
  return values;
}

/** The size whose shortest edge is given and whose ratio is kept, rounded down. */
function aroundEdge({ width, height }: Picture, edge: number): { width: number; height: number } {
  const [short, long] = width <= height ? [width, height] : [height, width];
  const other = Math.trunc((edge * long) / short);
  return width <= height ? { width: edge, height: other } : { width: other, height: edge };
}

/** The middle of a picture; what lies outside of it is black. */
function centerCrop(picture: Picture, { width, height }: { width: number; height: number }): Picture {
  const left = cropStart(picture.width, width);
  const top = cropStart(picture.height, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    if (top + y < 0 || top + y >= picture.height) continue;
    const first = Math.max(0, -left);
    const end = Math.min(width, picture.width - left);
    const from = ((top + y) * picture.width + left) * 3;
    pixels.set(picture.pixels.subarray(from + first * 3, from + end * 3), (y * width + first) * 3);
  }
  return { width, height, pixels };
}

/** Where a crop begins: transformers rounds the margin down where the picture is larger, and up where it is smaller. */
function cropStart(size: number, crop: number): number {
  return Math.floor((size - crop) / 2);
}
