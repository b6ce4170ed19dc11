import { BenchError } from "../../../../harness/contract/errors.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import { Recent } from "../../../model/recent.js";
import { ImageReader } from "../../../model/vision/image-reader.js";
import { mostFeatureBytes, tokensOfImage, type VisionConfig } from "../../../model/vision/vision-config.js";
import type { ImageFile } from "../../contract.js";
import type { PackedBatch } from "../decoder/packed-forward.js";
import { Graph } from "../graph/graph.js";
import { type Feeds, floats, integers, type SessionOptions, type Tensor } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import { featureInput, placeInput } from "./insert.js";
import { patchFeeds } from "./patches.js";
import { imageFeatures, towerFlops } from "./tower.js";

/**
 * The pictures of sequences as graphs read them. Features of at most `featureBytes` are kept while tower and projector are
 * frozen.
 */
export class Pictures {
  private readonly reader: ImageReader;
  private readonly kept: Recent<Float32Array>;
  private readonly vision: VisionConfig;

  constructor(
    private readonly config: DecoderConfig & { vision: VisionConfig },
    private readonly session: SessionOptions,
    private readonly featureBytes: number,
  ) {
    this.kept = new Recent(featureBytes);
    this.vision = config.vision;
    this.reader = new ImageReader(this.vision.processor);
  }

  /** What a graph with a tower of its own reads. Throws DATA_INVALID as `ImageReader.read` and `placesOf`. */
  async patches(batch: PackedBatch): Promise<Feeds> {
    const pictures: Uint8Array[] = [];
    for (const image of batch.images) pictures.push(await this.reader.read(image));
    return { ...this.places(batch), ...patchFeeds(this.vision, pictures) };
  }

  /**
   * What a graph reads that is given the features; each picture's are computed alone, so that their bits do not depend on
   * other pictures. Throws as `patches`.
   *
   * @param tensors of tower and projector, by name.
   * @param spend counts floating-point operations.
   * @param frozen whether these tensors are the same in every call since `forget`: then features are kept.
   */
  async features(batch: PackedBatch, tensors: Feeds, spend: (flops: number) => void, frozen: boolean): Promise<Feeds> {
    const places = this.places(batch);
    const { hidden } = this.config;
    const size = tokensOfImage(this.vision) * hidden;
    const values = new Float32Array(batch.images.length * size);
    const known = frozen ? this.kept : new Recent<Float32Array>(this.featureBytes);
    for (const [index, image] of batch.images.entries()) {
      const own = await known.get(image.digest, async () => {
        spend(towerFlops(this.vision, hidden, 1));
        return this.compute(image, tensors);
      });
      values.set(own, index * size);
    }
    return { ...places, [featureInput]: floats(values, [values.length / hidden, hidden]) };
  }

  /** Of the features that are kept. */
  get bytes(): number {
    return this.kept.bytes;
  }

  /** Gives up the features that were kept. */
  forget(): void {
    this.kept.clear();
  }

  private async compute(image: ImageFile, tensors: Feeds): Promise<Float32Array> {
    const patches = patchFeeds(this.vision, [await this.reader.read(image)]);
    const rows = integers(new Int32Array(tokensOfImage(this.vision)));
    const construct = () => {
      const graph = new Graph();
      graph.input("rows", ["rows"], "int32");
      const tensor = (name: string) => graph.input(name, tensors[name]!.dims);
      graph.output("features", imageFeatures(graph, this.vision, tensor, "rows"));
      return graph;
    };
    const signature = `image features|${JSON.stringify({ vision: this.vision, width: this.config.hidden })}`;
    const { features } = await sessions.run(
      signature,
      construct,
      { ...tensors, ...patches, rows },
      undefined,
      this.session,
    );
    return features!.data as Float32Array;
  }

  /** The rows that features take the place of. Throws DATA_INVALID where the image tokens are not those of the images. */
  private places({ feeds, images }: PackedBatch): Record<string, Tensor> {
    const places: number[] = [];
    for (const [row, token] of (feeds.tokens!.data as Int32Array).entries())
      if (token === this.vision.imageToken) places.push(row);
    const expected = images.length * tokensOfImage(this.vision);
    if (places.length === expected) return { [placeInput]: integers(places) };
    const problem = `A batch has ${places.length} image tokens; its ${images.length} images take ${expected}.`;
    throw new BenchError("DATA_INVALID", problem, { fix: "Remove the image token from the texts." });
  }
}

/** Those of a model that takes images. */
export function picturesOf(
  config: DecoderConfig,
  session: SessionOptions,
  featureBytes: number = mostFeatureBytes,
): Pictures | undefined {
  return config.vision && new Pictures({ ...config, vision: config.vision }, session, featureBytes);
}

/** Throws DATA_INVALID: a model that takes text alone was given an image. */
export function requirePictures(pictures: Pictures | undefined): Pictures {
  if (pictures !== undefined) return pictures;
  const fix = "Use a model with a vision tower.";
  throw new BenchError("DATA_INVALID", "A sequence has an image, and the model takes text alone.", { fix });
}
