import { sha256 } from "../../../harness/contract/digest.js";
import { BenchError } from "../../../harness/contract/errors.js";
import { readRegularFile } from "../../../harness/contract/read-file.js";
import type { Part } from "../../../harness/contract/suite.js";
import { decodeImage, type Picture } from "../../../harness/images/decode.js";
import { framed, type ImageProcessor } from "./image-processor.js";

/** An image of an input. */
export type ImagePart = Omit<Extract<Part, { type: "image" }>, "type">;

/** Images as a model's processor frames them, decoded once each: the most recent stay in memory, by their digests. */
export class ImageReader {
  private readonly pictures = new Map<string, Picture>();
  private bytes = 0;

  constructor(
    private readonly processor: ImageProcessor,
    private readonly mostBytes = 256 * 2 ** 20,
  ) {}

  /** Throws DATA_INVALID for a file that is no image (as `decodeImage`), or another one than that of the digest. */
  async read({ path, digest }: ImagePart): Promise<Picture> {
    const picture = this.pictures.get(digest) ?? (await this.decode(path, digest));
    if (!this.pictures.delete(digest)) this.bytes += picture.pixels.length;
    this.pictures.set(digest, picture);
    for (const [oldest, { pixels }] of this.pictures) {
      if (this.bytes <= this.mostBytes) break;
      this.pictures.delete(oldest);
      this.bytes -= pixels.length;
    }
    return picture;
  }

  private async decode(path: string, digest: string): Promise<Picture> {
    const bytes = imageBytes(path);
    if (sha256(bytes) !== digest) {
      const fix = "Put the file back, or start a new run with the new one.";
      throw new BenchError("DATA_INVALID", "The image is not the one that the suite was loaded with.", {
        at: { file: path },
        fix,
      });
    }
    return framed(await decodeImage(bytes, path), this.processor, path);
  }
}

function imageBytes(path: string): Uint8Array {
  try {
    return readRegularFile(path);
  } catch (cause) {
    throw new BenchError("DATA_INVALID", `The image cannot be read: ${(cause as Error).message}.`, {
      at: { file: path },
      cause,
      fix: "Put the file where the suite names it.",
    });
  }
}
