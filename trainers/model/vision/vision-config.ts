import type { ImageProcessor } from "./image-processor.js";

/** The activations of vision towers and projectors, by the names of transformers; "linear" is none. */
export const activations = ["quick_gelu", "gelu", "gelu_pytorch_tanh", "linear"] as const;
export type Activation = (typeof activations)[number];

/**
 * A vision transformer (CLIP, Radford et al., 2103.00020; SigLIP, Zhai et al., 2303.15343) and the projector from its
 * features to embeddings of a language model (LLaVA-1.5, Liu et al., 2310.03744).
 */
export interface VisionConfig {
  hidden: number;
  intermediate: number;
  /** Those that are computed: up to the one whose features are taken. */
  layers: number;
  heads: number;
  /** Sides of the square picture and of its patches, in pixels. */
  imageSize: number;
  patchSize: number;
  epsilon: number;
  activation: Activation;
  /** CLIP: a class token before the patches, a norm before the first layer, no bias of the patches. SigLIP: a bias alone. */
  classToken: boolean;
  /** Whether the first feature, in CLIP that of the class token, is left out. */
  dropsFirst: boolean;
  projector: { activation: Activation; bias: boolean };
  /** What stands for a feature in a sequence of tokens. */
  imageToken: number;
  processor: ImageProcessor;
}

/** How many tokens a picture takes. */
export function tokensOfImage(
  config: Pick<VisionConfig, "imageSize" | "patchSize" | "classToken" | "dropsFirst">,
): number {
  return placesOf(config) - (config.dropsFirst ? 1 : 0);
}

/** What a picture is written as in a sequence. */
export function imageTokens(config: VisionConfig): number[] {
  return Array<number>(tokensOfImage(config)).fill(config.imageToken);
}

/** Bytes of features of pictures that are kept while what computes them stays as it is, unless a run says otherwise. */
export const mostFeatureBytes = 128 * 2 ** 20;

/** Patches of a picture, and the class token where there is one. */
export function placesOf(config: Pick<VisionConfig, "imageSize" | "patchSize" | "classToken">): number {
  return patchesOf(config).count + (config.classToken ? 1 : 0);
}

/** How many patches a picture has, in a row and in all, and the numbers of each: three channels of its pixels. */
export function patchesOf({ imageSize, patchSize }: Pick<VisionConfig, "imageSize" | "patchSize">) {
  const across = Math.floor(imageSize / patchSize);
  return { across, count: across ** 2, size: 3 * patchSize ** 2 };
}

/** Paths of a tower's and a projector's tensors begin so. */
export const [tower, projector] = ["vision_tower", "multi_modal_projector"];

/** Whether a tensor is of a tower or a projector. */
export function isOfVision(name: string): boolean {
  return isOfTower(name) || name.startsWith(`${projector}.`);
}

export function isOfTower(name: string): boolean {
  return name.startsWith(`${tower}.`);
}

/** Linear modules of a tower's layer, with the shape [out, in] of their weights. */
export function towerModules({ hidden, intermediate }: VisionConfig): Record<string, [number, number]> {
  const square: [number, number] = [hidden, hidden];
  return {
    "self_attn.q_proj": square,
    "self_attn.k_proj": square,
    "self_attn.v_proj": square,
    "self_attn.out_proj": square,
    "mlp.fc1": [intermediate, hidden],
    "mlp.fc2": [hidden, intermediate],
  };
}

/**
 * Every tensor that is computed with by its Hugging Face name: matrices, then vectors.
 *
 * @param width of the language model's embeddings.
 */
export function visionShapes(config: VisionConfig, width: number): Record<string, readonly number[]> {
  const { hidden, patchSize, classToken, layers: count } = config;
  const layers = Array.from({ length: count }, (_, layer) => `${tower}.encoder.layers.${layer}`);
  const modules = Object.entries(towerModules(config));
  const projections: [string, [number, number]][] = [
    [`${projector}.linear_1`, [width, hidden]],
    [`${projector}.linear_2`, [width, width]],
  ];
  const norms = (path: string) => [`${path}.weight`, `${path}.bias`].map((name) => [name, [hidden]] as const);
  const linears = [...layers.flatMap((layer) => modules.map(([name, shape]) => [`${layer}.${name}`, shape] as const))];
  return Object.fromEntries<readonly number[]>([
    [`${tower}.embeddings.patch_embedding.weight`, [hidden, 3, patchSize, patchSize]],
    [`${tower}.embeddings.position_embedding.weight`, [placesOf(config), hidden]],
    ...[...linears, ...projections].map(([path, shape]) => [`${path}.weight`, shape] as const),
    [`${tower}.embeddings.${classToken ? "class_embedding" : "patch_embedding.bias"}`, [hidden]],
    ...(classToken ? norms(`${tower}.pre_layrnorm`) : []),
    ...layers.flatMap((layer) => [...norms(`${layer}.layer_norm1`), ...norms(`${layer}.layer_norm2`)]),
    ...linears.map(([path, [outputs]]) => [`${path}.bias`, [outputs]] as const),
    ...(config.projector.bias ? projections.map(([path, [outputs]]) => [`${path}.bias`, [outputs]] as const) : []),
  ]);
}
