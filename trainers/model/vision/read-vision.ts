import type { ConfigFields } from "../architecture.js";
import type { ImageProcessor } from "./image-processor.js";
import { type Activation, activations, type VisionConfig } from "./vision-config.js";

/**
 * Reads `vision_config` and what else a LLaVA model's config.json says of images.
 *
 * @throws MODEL_INVALID for other towers than CLIP's and SigLIP's, and for variants that are not computed.
 */
export function readVision(fields: ConfigFields, processor: ImageProcessor): VisionConfig {
  const vision = fields.within(sectionOf(fields, "vision_config"));
  const kind = vision.values.model_type;
  if (kind !== "clip_vision_model" && kind !== "siglip_vision_model") {
    const fix = "Use a model with a tower of CLIP or SigLIP.";
    throw vision.invalid(`vision_config is of ${JSON.stringify(kind ?? null)}, which is not supported`, fix);
  }
  const classToken = kind === "clip_vision_model";
  if (vision.size("num_channels", 3) !== 3) throw vision.invalid("num_channels of vision_config is not 3");
  const [hidden, heads] = [vision.size("hidden_size", 768), vision.size("num_attention_heads", 12)];
  if (hidden % heads !== 0) throw vision.invalid(`hidden_size (${hidden}) is no multiple of the ${heads} heads`);
  const config = {
    hidden,
    intermediate: vision.size("intermediate_size", 3072),
    layers: featureLayer(fields, vision.size("num_hidden_layers", 12)),
    heads,
    imageSize: vision.size("image_size", 224),
    patchSize: vision.size("patch_size", classToken ? 32 : 16),
    epsilon: vision.number("layer_norm_eps", classToken ? 1e-5 : 1e-6),
    activation: activationOf(vision, "hidden_act", classToken ? "quick_gelu" : "gelu_pytorch_tanh"),
    classToken,
    dropsFirst: strategyOf(fields) === "default",
    projector: {
      activation: activationOf(fields, "projector_hidden_act", "gelu"),
      bias: fields.values.multimodal_projector_bias !== false,
    },
    imageToken: tokenOf(fields),
    processor,
  };
  if (config.patchSize > config.imageSize) throw vision.invalid("patch_size is larger than image_size");
  checkPicture(fields, config);
  return config;
}

/** How many layers are computed for the features of `vision_feature_layer`; −1 is the last one. They are not normalized. */
function featureLayer(fields: ConfigFields, all: number): number {
  const layer = fields.values.vision_feature_layer ?? -2;
  const count = typeof layer === "number" && layer < 0 ? all + 1 + layer : layer;
  if (typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= all) return count;
  const problem = `vision_feature_layer is ${JSON.stringify(layer)}, with ${all} layers`;
  throw fields.invalid(problem, "Use a model that takes the features of one layer.");
}

function strategyOf(fields: ConfigFields): "default" | "full" {
  const strategy = fields.values.vision_feature_select_strategy ?? "default";
  if (strategy === "default" || strategy === "full") return strategy;
  throw fields.invalid(`vision_feature_select_strategy is ${JSON.stringify(strategy)}, not "default" or "full"`);
}

function activationOf(fields: ConfigFields, key: string, usual: Activation): Activation {
  const name = fields.values[key] ?? usual;
  const known = activations.find((own) => own === name);
  if (known !== undefined) return known;
  throw fields.invalid(`${key} is ${JSON.stringify(name)}`, `Use a model with one of: ${activations.join(", ")}.`);
}

function tokenOf(fields: ConfigFields): number {
  const token = fields.values.image_token_id ?? fields.values.image_token_index ?? 32_000;
  if (Number.isSafeInteger(token) && (token as number) >= 0) return token as number;
  throw fields.invalid(`image_token_index is ${JSON.stringify(token)}, which is no token id`);
}

/** The processor's pictures must be those that the tower is made for. */
function checkPicture(fields: ConfigFields, config: VisionConfig): void {
  const { size, crop } = config.processor;
  const made = crop ?? (size !== null && "height" in size ? size : null);
  if (made?.width === config.imageSize && made.height === config.imageSize) return;
  const found = made === null ? "pictures of no fixed size" : `pictures of ${made.width} × ${made.height}`;
  throw fields.invalid(
    `The image processor makes ${found}; vision_config asks for ${config.imageSize} × ${config.imageSize}`,
    "Take preprocessor_config.json and config.json from the same model.",
  );
}

/** An object within config.json. */
export function sectionOf(fields: ConfigFields, key: string): Record<string, unknown> {
  const section = fields.values[key];
  if (isSection(section)) return section;
  throw fields.invalid(`${key} must be an object, not ${JSON.stringify(section ?? null)}`);
}

export const isSection = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);
