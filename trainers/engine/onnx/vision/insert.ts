import type { Decoder } from "../decoder/decoder.js";
import type { Value } from "../graph/graph.js";
import { replaceRows } from "../graph/operators/index.js";
import { imageFeatures } from "./tower.js";

/** Names of the graph's inputs: the rows of tokens that features take the place of, and the features where they are given. */
export const [placeInput, featureInput] = ["image.places", "image.features"];

const features = "image features";

/**
 * Embedded tokens [rows, hidden] with the features of pictures in the place of the image tokens' embeddings, in order. Inputs of
 * the graph: `image.places` [features] and either `image.features` [features, hidden] or those of `imageFeatures`.
 */
export function insertImages(decoder: Decoder, embedded: Value): Value {
  const { graph, config, images, tensor } = decoder;
  if (images === undefined || config.vision === undefined) return embedded;
  const places = graph.input(placeInput, [features], "int32");
  const seen =
    images === "features"
      ? graph.input(featureInput, [features, config.hidden])
      : imageFeatures(graph, config.vision, tensor, features);
  return replaceRows(embedded, places, seen);
}
