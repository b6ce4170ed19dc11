import type { Picture } from "../../../harness/images/decode.js";
import { normalized } from "../../model/vision/image-processor.js";
import { ImageReader, readPicture } from "../../model/vision/image-reader.js";
import { resample } from "../../model/vision/resample.js";
import type { VisionConfig } from "../../model/vision/vision-config.js";
import type { ImageFile } from "../contract.js";

/** How a model's own processor, in the child process, writes an image. */
export interface OwnImages {
  tokens: number[];
  /** The side of the square that images are resized to, where the number of tokens would depend on their shape. */
  side: number | null;
}

type Shown = readonly { images?: readonly ImageFile[] }[];

/** Brings the images of sequences to the child process, each once while it is held there. */
export class TorchPictures {
  private readonly reader: ImageReader | undefined;

  /** @param form how the model sees; where it sees nothing, the child says why. */
  constructor(
    private readonly form: VisionConfig | OwnImages | undefined,
    private readonly ask: <T>(method: string, params: object) => Promise<T>,
  ) {
    this.reader = form && "processor" in form ? new ImageReader(form.processor) : undefined;
  }

  /** To be called before what the sequences are computed in. Throws DATA_INVALID as `ImageReader.read`. */
  async show(sequences: Shown): Promise<void> {
    const images = new Map(sequences.flatMap(({ images = [] }) => images.map((own) => [own.digest, own])));
    if (images.size === 0) return;
    const missing = await this.ask<string[]>("missing_images", { digests: [...images.keys()] });
    for (const digest of missing) await this.ask("add_image", { digest, ...(await this.read(images.get(digest)!)) });
  }

  private async read(image: ImageFile): Promise<{ values: Float32Array; height: number; width: number }> {
    const { form, reader } = this;
    if (form && "processor" in form) {
      const values = normalized(await reader!.read(image), form.processor);
      return { values, height: form.imageSize, width: form.imageSize };
    }
    const picture = await readPicture(image);
    const side = form?.side;
    const { height, width, pixels } = side ? resample(picture, side, side, "bicubic") : picture;
    return { values: asFloats(pixels), height, width };
  }
}

/** Bytes as they are, in an array that crosses: four of them a number, the last one filled up. */
function asFloats(bytes: Picture["pixels"]): Float32Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return new Float32Array(whole.buffer);
}
