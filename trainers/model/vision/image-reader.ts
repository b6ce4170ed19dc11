import { canonicalJson, sha256 } from "../../../harness/contract/digest.js";
import { BenchError } from "../../../harness/contract/errors.js";
import { readRegularFile } from "../../../harness/contract/files/read-file.js";
import { decodeImage, type Picture } from "../../../harness/images/decode.js";
import type { ImageFile } from "../../engine/contract.js";
import { Recent } from "../recent.js";
import { framed, type ImageProcessor } from "./image-processor.js";

/** Framed images of this worker, which outlive a model: the one that is opened after a task reads the same. */
const framedHere = new Recent<Uint8Array>(256 * 2 ** 20);

/** Images as a model's processor frames them, decoded once each: the most recent stay in memory, by their digests. */
export class ImageReader {
  private readonly form: string;

  constructor(
    private readonly processor: ImageProcessor,
    private readonly pixels = framedHere,
  ) {
    this.form = canonicalJson(processor);
  }

  /** Red, green and blue of each pixel, row by row. Throws DATA_INVALID as `readPicture`. */
  read(image: ImageFile): Promise<Uint8Array> {
    const frame = async () => framed(await readPicture(image), this.processor, image.path).pixels;
    return this.pixels.get(`${image.digest} ${this.form}`, frame);
  }
}

/** Decodes an image. Throws DATA_INVALID for a file that is none (as `decodeImage`), or another one than that of the digest. */
export async function readPicture({ path, digest }: ImageFile): Promise<Picture> {
  const bytes = imageBytes(path);
  if (sha256(bytes) === digest) return decodeImage(bytes, path);
  const fix = "Put the file back, or start a new run with the new one.";
  throw new BenchError("DATA_INVALID", "The image is not the one that the suite was loaded with.", {
    at: { file: path },
    fix,
  });
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
