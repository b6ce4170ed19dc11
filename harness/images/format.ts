import { BenchError } from "../contract/errors.js";

/** What images are read from. */
export type ImageFormat = "jpeg" | "png" | "webp";

const isOf: Record<ImageFormat, (start: string) => boolean> = {
  jpeg: (start) => start.startsWith("\xff\xd8\xff"),
  png: (start) => start.startsWith("\x89PNG\r\n\x1a\n"),
  webp: (start) => start.startsWith("RIFF") && start.endsWith("WEBP"),
};

/**
 * The format of an image, from its first bytes and not from its name.
 *
 * @param file names the image in errors.
 * @throws DATA_INVALID for any other format, and for an animation: a question is about one picture.
 */
export function imageFormat(bytes: Uint8Array, file: string): ImageFormat {
  const start = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  const format = (Object.keys(isOf) as ImageFormat[]).find((name) => isOf[name](start));
  if (format === undefined) {
    const fix = "Convert it to one of these formats; its name says nothing about its content.";
    throw new BenchError("DATA_INVALID", "The file is no JPEG, PNG or WebP image.", { at: { file }, fix });
  }
  if (isAnimated[format](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    const fix = "Replace it by the frame that is meant.";
    throw new BenchError("DATA_INVALID", "The image is an animation.", { at: { file }, fix });
  }
  return format;
}

const isAnimated: Record<ImageFormat, (bytes: Buffer) => boolean> = {
  jpeg: () => false,
  png: hasAnimationChunk,
  /** The flag of the extended header: https://developers.google.com/speed/webp/docs/riff_container */
  webp: (bytes) => bytes.length > 20 && bytes.toString("latin1", 12, 16) === "VP8X" && (bytes[20]! & 2) !== 0,
};

/** The chunk `acTL`, which precedes the pixels of an animated PNG: https://www.w3.org/TR/png-3/#apng-frame-based-animation */
function hasAnimationChunk(bytes: Buffer): boolean {
  for (let at = 8; at + 8 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const kind = bytes.toString("latin1", at + 4, at + 8);
    if (kind === "acTL") return true;
    if (kind === "IDAT") return false;
  }
  return false;
}
