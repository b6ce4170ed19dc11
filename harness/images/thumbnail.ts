import { decodeImage } from "./decode.js";

/** The longest side of a thumbnail, in pixels. */
const longestSide = 128;
/** Pictures of no more pixels are kept as they are. */
const fewPixels = 64 ** 2;

/**
 * A small WebP of an image, as a data URI for a page.
 *
 * @param file names the image in errors.
 * @throws DATA_INVALID as `decodeImage`.
 */
export async function thumbnail(bytes: Uint8Array, file: string): Promise<string> {
  const { width, height, pixels } = await decodeImage(bytes, file);
  const { default: sharp } = await import("sharp");
  const small = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize({ width: longestSide, height: longestSide, fit: "inside", withoutEnlargement: true })
    .webp(width * height <= fewPixels ? { lossless: true } : { quality: 80 })
    .toBuffer();
  return `data:image/webp;base64,${small.toString("base64")}`;
}
