import type { Decoder, ImageInput } from "../decoder/decoder.js";
import type { Value } from "../graph/graph.js";
import { replaceRows } from "../graph/operators/index.js";
import { imageFeatures, projected } from "./tower.js";

/** Names of the graph's inputs: the rows of tokens that features take the place of, and features or states where they are given. */
export const [placeInput, featureInput, stateInput] = ["image.places", "image.features", "image.states"];

const features = "image features";

/**
 * Embedded tokens [rows, hidden] with the features of pictures in the place of the image tokens' embeddings, in order. Inputs of
 * the graph: `image.places` [features] and, by `images`, `image.features` [features, hidden], `image.states` [features, the
 * tower's hidden] or those of `imageFeatures`.
 */
export function insertImages(decoder: Decoder, embedded: Value): Value {
  const { graph, config, images, tensor } = decoder;
  if (images === undefined || config.vision === undefined) return embedded;
  const places = graph.input(placeInput, [features], "int32");
  const { vision, hidden } = config;
  const seen: Record<ImageInput, () => Value> = {
    features: () => graph.input(featureInput, [features, hidden]),
    states: () => projected(vision, tensor, graph.input(stateInput, [features, vision.hidden])),
    patches: () => imageFeatures(graph, vision, tensor, features),
  };
  return replaceRows(embedded, places, seen[images]());
}
