import {
  type Activation,
  patchesOf,
  placesOf,
  projector,
  tower,
  type VisionConfig,
} from "../../../model/vision/vision-config.js";
import type { Graph, Value } from "../graph/graph.js";
import {
  add,
  concatenate,
  gelu,
  layerNorm,
  linear,
  matmul,
  quickGelu,
  reshape,
  scale,
  softmax,
  split,
  tanhGelu,
  transpose,
  zeros,
} from "../graph/operators/index.js";

/** The graph's input of `imageFeatures`: [images, patches, 3 · patchSize²], each patch channel by channel, row by row. */
export const patchInput = "image.patches";

const activate: Record<Activation, (x: Value) => Value> = {
  quick_gelu: quickGelu,
  gelu,
  gelu_pytorch_tanh: tanhGelu,
  linear: (x) => x,
};

/** The sizes of a picture's features that are symbolic. */
const images = "images";

/**
 * A vision transformer and the projector behind it, over the tensors that `tensor` gives by their Hugging Face names: the
 * patches of pictures → embeddings for a language model, picture by picture, [`rows`, width].
 *
 * @param rows names the number of the result's rows, which an input of the graph has too.
 */
export function imageFeatures(
  graph: Graph,
  config: VisionConfig,
  tensor: (name: string) => Value,
  rows: string,
): Value {
  return projected(config, tensor, towerStates(graph, config, tensor, rows));
}

/** The tower alone: the states that are projected, [`rows`, the tower's hidden]. */
export function towerStates(graph: Graph, config: VisionConfig, tensor: (name: string) => Value, rows: string): Value {
  const places = placesOf(config);
  let x = embedPatches(graph, config, tensor);
  for (let layer = 0; layer < config.layers; layer++) x = towerLayer(config, tensor, layer, x);
  const byPicture = reshape(x, [images, places, config.hidden]);
  const chosen = config.dropsFirst ? split(byPicture, 1, [1, places - 1])[1]! : byPicture;
  return reshape(chosen, [rows, config.hidden]);
}

/** The projector alone: states of the tower → embeddings for a language model. */
export function projected(config: VisionConfig, tensor: (name: string) => Value, states: Value): Value {
  const project = (name: string, input: Value) =>
    linear(
      input,
      tensor(`${projector}.${name}.weight`),
      config.projector.bias ? tensor(`${projector}.${name}.bias`) : undefined,
    );
  return project("linear_2", activate[config.projector.activation](project("linear_1", states)));
}

/** Patches with their positions, [images · places, hidden]; the convolution of a patch is a product of matrices. */
function embedPatches(graph: Graph, config: VisionConfig, tensor: (name: string) => Value): Value {
  const { hidden, classToken } = config;
  const { count, size } = patchesOf(config);
  const path = `${tower}.embeddings`;
  const input = graph.input(patchInput, [images, count, size]);
  const kernel = reshape(tensor(`${path}.patch_embedding.weight`), [hidden, size]);
  const bias = classToken ? undefined : tensor(`${path}.patch_embedding.bias`);
  const patches = reshape(linear(reshape(input, ["image patches", size]), kernel, bias), [images, count, hidden]);
  const first = () => add(zeros(graph, [images, 1, hidden]), tensor(`${path}.class_embedding`));
  const all = classToken ? concatenate([first(), patches], 1) : patches;
  const x = reshape(add(all, tensor(`${path}.position_embedding.weight`)), ["image places", hidden]);
  return classToken ? normalize(config, tensor, `${tower}.pre_layrnorm`, x) : x;
}

/** One layer on [images · places, hidden]: attention among the places of a picture, then the feed-forward part. */
function towerLayer(config: VisionConfig, tensor: (name: string) => Value, layer: number, x: Value): Value {
  const path = `${tower}.encoder.layers.${layer}`;
  const { hidden, heads } = config;
  const [rows, places, width] = [x.shape[0]!, placesOf(config), hidden / heads];
  const project = (name: string, input: Value) =>
    linear(input, tensor(`${path}.${name}.weight`), tensor(`${path}.${name}.bias`));
  const byHead = (value: Value) => transpose(reshape(value, [images, places, heads, width]), [0, 2, 1, 3]);
  const normalized = normalize(config, tensor, `${path}.layer_norm1`, x);
  const [queries, keys, values] = ["q_proj", "k_proj", "v_proj"].map((name) =>
    byHead(project(`self_attn.${name}`, normalized)),
  ) as [Value, Value, Value];
  const scores = matmul(scale(queries, 1 / Math.sqrt(width)), transpose(keys, [0, 1, 3, 2]));
  const mixed = transpose(matmul(softmax(scores), values), [0, 2, 1, 3]);
  const middle = add(x, project("self_attn.out_proj", reshape(mixed, [rows, hidden])));
  const inner = activate[config.activation](
    project("mlp.fc1", normalize(config, tensor, `${path}.layer_norm2`, middle)),
  );
  return add(middle, project("mlp.fc2", inner));
}

function normalize(config: VisionConfig, tensor: (name: string) => Value, path: string, x: Value): Value {
  return layerNorm(x, tensor(`${path}.weight`), tensor(`${path}.bias`), config.epsilon);
}

/** Floating-point operations of matrix products for so many pictures, forward: of the tower. */
export function towerFlops(config: VisionConfig, pictures: number): number {
  const { hidden, intermediate, layers } = config;
  const places = placesOf(config);
  const layer = places * (4 * hidden ** 2 + 2 * hidden * intermediate) + 2 * hidden * places ** 2;
  return 2 * pictures * (layers * layer + places * patchesOf(config).size * hidden);
}

/** And of the projector, to embeddings of `width`. */
export function projectorFlops(config: VisionConfig, width: number, pictures: number): number {
  return 2 * pictures * placesOf(config) * (width * config.hidden + width ** 2);
}
