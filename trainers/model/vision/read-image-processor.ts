import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ConfigFields } from "../architecture.js";
import type { ImageProcessor } from "./image-processor.js";
import type { Filter } from "./resample.js";

/** The codes of Pillow's filters. */
const filters: Record<number, Filter> = { 2: "bilinear", 3: "bicubic" };

const kinds = /^(?:CLIP|Siglip)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/;

/** The file of a model directory that has the image processor's settings, by itself or as a part; undefined where none is there. */
export function processorFile(directory: string): string | undefined {
  const files = ["preprocessor_config.json", "processor_config.json"].map((name) => join(directory, name));
  return files.find((file) => existsSync(file));
}

/**
 * Reads the settings of transformers' image processors of CLIP and SigLIP. Throws MODEL_INVALID for those of another
 * processor and for values that are none.
 */
export function readImageProcessor(fields: ConfigFields): ImageProcessor {
  const { values } = fields;
  const kind = values.image_processor_type ?? values.feature_extractor_type;
  if (typeof kind !== "string" || !kinds.test(kind)) {
    const fix = "Use a model whose image processor is CLIPImageProcessor or SiglipImageProcessor.";
    throw fields.invalid(`The image processor ${JSON.stringify(kind ?? null)} is not supported`, fix);
  }
  if (values.do_pad === true) throw fields.invalid("do_pad is true, which is not supported", "Use a model without it.");
  const filter = filters[values.resample as number];
  if (filter === undefined) throw fields.invalid(`resample is ${JSON.stringify(values.resample)}, not 2 or 3`);
  const on = (step: string, usual: boolean): boolean => (values[step] ?? usual) === true;
  const normalizes = on("do_normalize", true);
  return {
    size: on("do_resize", true) ? sizeOf(fields) : null,
    filter,
    crop: on("do_center_crop", kind.startsWith("CLIP")) ? cropOf(fields) : null,
    scale: on("do_rescale", true) ? fields.number("rescale_factor", 1 / 255) : 1,
    mean: normalizes ? threeNumbers(fields, "image_mean") : [0, 0, 0],
    deviation: normalizes ? threeNumbers(fields, "image_std") : [1, 1, 1],
  };
}

/** A number is both sides of a crop, and the shortest edge of a size. */
function cropOf(fields: ConfigFields): { height: number; width: number } {
  const crop = fields.values.crop_size;
  const both = typeof crop === "number" ? { height: crop, width: crop } : crop;
  const sides = fields.within((both ?? {}) as Record<string, unknown>);
  return { height: sides.size("height"), width: sides.size("width") };
}

function sizeOf(fields: ConfigFields): NonNullable<ImageProcessor["size"]> {
  const { size } = fields.values;
  if (typeof size === "number") return { shortestEdge: fields.size("size") };
  const sides = fields.within((size ?? {}) as Record<string, unknown>);
  if (sides.values.shortest_edge === undefined) return { height: sides.size("height"), width: sides.size("width") };
  if (sides.values.longest_edge != null) throw fields.invalid("size has a longest_edge, which is not supported");
  return { shortestEdge: sides.size("shortest_edge") };
}

function threeNumbers(fields: ConfigFields, key: string): number[] {
  const value = fields.values[key];
  const isTriple = Array.isArray(value) && value.length === 3 && value.every((each) => Number.isFinite(each));
  if (isTriple && !(key === "image_std" && value.includes(0))) return value as number[];
  throw fields.invalid(`${key} must be three numbers, not ${JSON.stringify(value)}`);
}
