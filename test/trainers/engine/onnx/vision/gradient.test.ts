import { describe, expect, test } from "vitest";
import type { TrainingSequence } from "../../../../../trainers/engine/contract.js";
import { type Feeds, floats, integers } from "../../../../../trainers/engine/onnx/graph/session.js";
import { LoraAdapter } from "../../../../../trainers/engine/onnx/parameters/lora-adapter.js";
import { patchInput } from "../../../../../trainers/engine/onnx/vision/tower.js";
import type { DecoderConfig } from "../../../../../trainers/model/decoder-config.js";
import { tokensOfImage, type VisionConfig } from "../../../../../trainers/model/vision/vision-config.js";
import { gradientErrors } from "../decoder-gradient.js";
import { normals } from "../finite-differences.js";
import { smallConfig, smallModel } from "../small-model.js";

const processor = {
  size: null,
  crop: null,
  filter: "bicubic",
  scale: 1,
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
} as const;

const clip: VisionConfig = {
  hidden: 6,
  intermediate: 8,
  layers: 2,
  heads: 2,
  imageSize: 4,
  patchSize: 2,
  epsilon: 1e-5,
  activation: "quick_gelu",
  classToken: true,
  dropsFirst: true,
  projector: { activation: "gelu_pytorch_tanh", bias: true },
  imageToken: 12,
  processor,
};
const siglip: VisionConfig = {
  ...clip,
  activation: "gelu_pytorch_tanh",
  classToken: false,
  dropsFirst: false,
  projector: { activation: "linear", bias: false },
};

/** Two sequences with images, two in one of them, and one without. */
function texts(vision: VisionConfig): { batch: TrainingSequence[]; places: number[] } {
  const image = Array<number>(tokensOfImage(vision)).fill(vision.imageToken);
  const batch = [
    [1, ...image, 2, ...image, 3, 4],
    [5, 6, 7],
    [...image, 8, 9],
  ].map((tokens) => ({
    tokens,
    weights: tokens.map((_, i) => (i > 0 && tokens[i] !== vision.imageToken ? 1 + i / 10 : 0)),
  }));
  const rows = batch.flatMap(({ tokens }) => tokens.slice(0, -1));
  return { batch, places: rows.flatMap((token, row) => (token === vision.imageToken ? [row] : [])) };
}

function seenBy(vision: VisionConfig, hidden: number, images: "patches" | "features") {
  const { batch, places } = texts(vision);
  const values = (count: number) => Float32Array.from(normals(count, "images"));
  const given: Feeds =
    images === "features"
      ? { "image.features": floats(values(places.length * hidden), [places.length, hidden]) }
      : { [patchInput]: floats(values(3 * 4 * 12), [3, 4, 12]) };
  return { batch, images, feeds: { "image.places": integers(places), ...given } };
}

describe("the gradient of tower, projector and language model is that of finite differences", () => {
  test.each<[string, VisionConfig]>([
    ["CLIP", clip],
    ["SigLIP", siglip],
  ])("%s", async (_, vision) => {
    const config: DecoderConfig = { ...smallConfig, vision };
    const model = smallModel(config);
    expect(model.base.tensors.filter(({ name }) => name.startsWith("vision_tower."))).toHaveLength(
      vision.classToken ? 37 : 35,
    );
    const seen = seenBy(vision, config.hidden, "patches");
    const { differences, single } = await gradientErrors(config, model.base, model.base, { seen });
    expect(differences).toBeLessThan(1e-7);
    expect(single).toBeLessThan(1e-5);
  });

  test("an adapter of the language model, behind features that are given", async () => {
    const config: DecoderConfig = { ...smallConfig, vision: clip };
    const model = smallModel(config);
    const options = { rank: 2, alpha: 3, dropout: 0, targetModules: ["q_proj", "v_proj", "down_proj"] };
    const adapter = new LoraAdapter(config, options, 1);
    adapter.store.values.set(normals(adapter.store.length, "adapter"));
    const lora = { ...adapter.form, dropout: false };
    const seen = seenBy(clip, config.hidden, "features");
    const { differences, single } = await gradientErrors(config, adapter.store, model.base, { lora, seen });
    expect(differences).toBeLessThan(1e-7);
    expect(single).toBeLessThan(1e-5);
  });
});
