import { normalized } from "../../../model/vision/image-processor.js";
import { patchesOf, type VisionConfig } from "../../../model/vision/vision-config.js";
import { floats, type Tensor } from "../graph/session.js";
import { patchInput } from "./tower.js";

/** The input of `imageFeatures` from framed pictures, [imageSize, imageSize, 3] each. */
export function patchFeeds(config: VisionConfig, pictures: readonly Uint8Array[]): Record<string, Tensor> {
  const { count, size } = patchesOf(config);
  const values = new Float32Array(pictures.length * count * size);
  for (const [index, picture] of pictures.entries()) {
    cutIntoPatches(normalized(picture, config.processor), config, values.subarray(index * count * size));
  }
  return { [patchInput]: floats(values, [pictures.length, count, size]) };
}

/** Pixels [3, imageSize, imageSize] → [patches, 3 · patchSize²]; what is left at the right and at the bottom is not seen. */
function cutIntoPatches(pixels: Float32Array, config: VisionConfig, into: Float32Array): void {
  const { imageSize, patchSize } = config;
  const { across, count } = patchesOf(config);
  let to = 0;
  for (let patch = 0; patch < count; patch++) {
    const top = Math.floor(patch / across) * patchSize;
    const left = (patch % across) * patchSize;
    for (let channel = 0; channel < 3; channel++) {
      for (let y = 0; y < patchSize; y++, to += patchSize) {
        const from = (channel * imageSize + top + y) * imageSize + left;
        into.set(pixels.subarray(from, from + patchSize), to);
      }
    }
  }
}
