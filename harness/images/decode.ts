import { BenchError } from "../contract/errors.js";
import { imageFormat } from "./format.js";

/** A decoded image. */
export interface Picture {
  width: number;
  height: number;
  /** Red, green and blue of each pixel, row by row: [height, width, 3]. */
  pixels: Uint8Array;
}

/** Pillow warns of a decompression bomb above this number of pixels, which take a quarter of a gibibyte. */
const mostPixels = 89_478_485;

/** What decodes images, as part of a cell's numerics: another version may decode the same file to other pixels. */
export async function decoderVersion(): Promise<string> {
  const { default: sharp } = await import("sharp");
  return `libvips-${sharp.versions.vips}`;
}

/**
 * Decodes a JPEG, PNG or WebP image as Pillow does: turned upright by its EXIF orientation, values as they are stored (a
 * color profile is ignored), transparency over white as in transformers' image processors. Of samples of 16 bits the
 * upper 8 are taken; those of gray images without transparency are cut off at 255.
 *
 * @param file names the image in errors.
 * @throws DATA_INVALID for other formats, animations, more than 89 megapixels, and images that are cut off or damaged.
 */
export async function decodeImage(bytes: Uint8Array, file: string): Promise<Picture> {
  imageFormat(bytes, file);
  const { default: sharp } = await import("sharp");
  try {
    const { space, width, height, hasAlpha } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > mostPixels) {
      const problem = `The image has ${width} × ${height} pixels; at most ${mostPixels} are decoded.`;
      throw new BenchError("DATA_INVALID", problem, { at: { file }, fix: "Store it smaller: models see far fewer." });
    }
    const upright = sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels: mostPixels }).autoOrient();
    if (space === "grey16" && !hasAlpha) {
      const gray = upright.toColourspace("grey16").raw({ depth: "ushort" });
      const { data, info } = await gray.toBuffer({ resolveWithObject: true });
      return { width: info.width, height: info.height, pixels: saturated(data) };
    }
    const printed = space === "cmyk";
    const converted = printed
      ? upright.pipelineColourspace("cmyk").toColourspace("cmyk")
      : upright.toColourspace("srgb").ensureAlpha();
    const { data, info } = await converted.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: printed ? fromInks(data) : overWhite(data) };
  } catch (cause) {
    if (cause instanceof BenchError) throw cause;
    const reason = (cause as Error).message.split("\n")[0]!.slice(0, 200);
    throw new BenchError("DATA_INVALID", `The image cannot be decoded: ${reason}.`, {
      at: { file },
      cause,
      fix: "Replace the file: it is cut off or damaged.",
    });
  }
}

/** Gray of 16 bits to red, green and blue, cut off at 255 as Pillow does. */
function saturated(data: Buffer): Uint8Array {
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return Uint8Array.from({ length: 3 * samples.length }, (_, i) => Math.min(255, samples[Math.floor(i / 3)]!));
}

/** Red, green, blue and opacity to what is seen over white, in Pillow's arithmetic (`alpha_composite`). */
function overWhite(data: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const opacity = data[from + 3]!;
    const white = 255 * (255 - opacity);
    for (let channel = 0; channel < 3; channel++) {
      pixels[to++] = dividedBy255(128 * (data[from + channel]! * opacity + white) + 16_384) >> 7;
    }
  }
  return pixels;
}

/** Cyan, magenta, yellow and black to red, green and blue, in Pillow's arithmetic (`cmyk2rgb`). */
function fromInks(data: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const light = 255 - data[from + 3]!;
    for (let ink = 0; ink < 3; ink++) pixels[to++] = Math.max(0, light - dividedBy255(data[from + ink]! * light + 128));
  }
  return pixels;
}

function dividedBy255(value: number): number {
  return ((value >> 8) + value) >> 8;
}
