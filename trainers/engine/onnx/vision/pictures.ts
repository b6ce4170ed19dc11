import { BenchError } from "../../../../harness/contract/errors.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import { Recent } from "../../../model/recent.js";
import { ImageReader } from "../../../model/vision/image-reader.js";
import { mostFeatureBytes, tokensOfImage, type VisionConfig } from "../../../model/vision/vision-config.js";
import type { ImageFile } from "../../contract.js";
import type { PackedBatch } from "../decoder/packed-forward.js";
import { Graph, type Value } from "../graph/graph.js";
import { type Feeds, floats, type Inputs, integers, type SessionOptions, type Tensor } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import { featureInput, placeInput, stateInput } from "./insert.js";
import { patchFeeds } from "./patches.js";
import { projected, projectorFlops, towerFlops, towerStates } from "./tower.js";

/** What of pictures is the same in every call since `forget`: a tower's states, or the features that are made of them too. */
export type Still = "states" | "features" | "nothing";

/**
 * The pictures of sequences as graphs read them. At most `featureBytes` are kept of what stays the same: features while
 * tower and projector are frozen, else states while the tower is.
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
   * @param still which of these tensors are the same in every call since `forget`.
   */
  async features(batch: PackedBatch, tensors: Inputs, spend: (flops: number) => void, still: Still): Promise<Feeds> {
    const { hidden } = this.config;
    const states = still === "states" ? this.kept : new Recent<Float32Array>(this.featureBytes);
    const project = async (image: ImageFile) => {
      const state = await states.get(image.digest, () => this.state(image, tensors, spend));
      spend(projectorFlops(this.vision, hidden, 1));
      return this.project(state, tensors);
    };
    const own = (image: ImageFile) =>
      still === "features" ? this.kept.get(image.digest, () => project(image)) : project(image);
    return this.stacked(batch, featureInput, hidden, own);
  }

  /** What a graph reads that is given the states of a tower which is the same since `forget`. As `features`. */
  async states(batch: PackedBatch, tensors: Inputs, spend: (flops: number) => void): Promise<Feeds> {
    const own = (image: ImageFile) => this.kept.get(image.digest, () => this.state(image, tensors, spend));
    return this.stacked(batch, stateInput, this.vision.hidden, own);
  }

  /** Of what is kept. */
  get bytes(): number {
    return this.kept.bytes;
  }

  /** Gives up what was kept. */
  forget(): void {
    this.kept.clear();
  }

  /** The places of the images, and what each is seen by, [tokens, width], one behind another. */
  private async stacked(
    batch: PackedBatch,
    input: string,
    width: number,
    own: (image: ImageFile) => Promise<Float32Array>,
  ): Promise<Feeds> {
    const places = this.places(batch);
    const size = tokensOfImage(this.vision) * width;
    const values = new Float32Array(batch.images.length * size);
    for (const [index, image] of batch.images.entries()) values.set(await own(image), index * size);
    return { ...places, [input]: floats(values, [values.length / width, width]) };
  }

  private async state(image: ImageFile, tensors: Inputs, spend: (flops: number) => void): Promise<Float32Array> {
    spend(towerFlops(this.vision, 1));
    const patches = patchFeeds(this.vision, [await this.reader.read(image)]);
    const rows = integers(new Int32Array(tokensOfImage(this.vision)));
    return this.run("states", { ...tensors, ...patches, rows }, (graph, tensor) => {
      graph.input("rows", ["rows"], "int32");
      return towerStates(graph, this.vision, tensor, "rows");
    });
  }

  private project(state: Float32Array, tensors: Inputs): Promise<Float32Array> {
    const { hidden } = this.vision;
    const feeds = { ...tensors, [stateInput]: floats(state, [state.length / hidden, hidden]) };
    return this.run("features", feeds, (graph, tensor) =>
      projected(this.vision, tensor, graph.input(stateInput, ["rows", hidden])),
    );
  }

  private async run(
    name: string,
    feeds: Inputs,
    build: (graph: Graph, tensor: (name: string) => Value) => Value,
  ): Promise<Float32Array> {
    const construct = () => {
      const graph = new Graph();
      graph.output(
        name,
        build(graph, (own) => graph.input(own, feeds[own]!.dims)),
      );
      return graph;
    };
    const signature = `image ${name}|${JSON.stringify({ vision: this.vision, width: this.config.hidden })}`;
    const result = await sessions.run(signature, construct, feeds, undefined, this.session);
    return result[name]!.data as Float32Array;
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
