import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../../../harness/contract/digest.js";
import { decodeImage } from "../../../../harness/images/decode.js";
import { ConfigFields } from "../../../../trainers/model/architecture.js";
import { Recent } from "../../../../trainers/model/recent.js";
import { framed, normalized } from "../../../../trainers/model/vision/image-processor.js";
import { ImageReader } from "../../../../trainers/model/vision/image-reader.js";
import { readImageProcessor } from "../../../../trainers/model/vision/read-image-processor.js";
import { temporaryDirectory } from "../tiny-model.js";

const directory = join(import.meta.dirname, "../../../fixtures/images");
const { images, processors } = JSON.parse(readFileSync(join(directory, "expected.json"), "utf8"));
const processorOf = (values: Record<string, unknown>) => readImageProcessor(new ConfigFields("p.json", values));

test.each(Object.keys(processors))("%s: every image is what transformers makes of it, bit for bit", async (name) => {
  const processor = processorOf(processors[name]);
  for (const [file, digests] of Object.entries<Record<string, string>>(images)) {
    const picture = await decodeImage(readFileSync(join(directory, file)), file);
    const values = normalized(framed(picture, processor, file).pixels, processor);
    expect({ file, digest: sha256(new Uint8Array(values.buffer)) }).toEqual({ file, digest: digests[name] });
  }
});

describe("the settings", () => {
  test("of older files are numbers", () => {
    const older = { ...processors.clip, size: 56, crop_size: 56, image_processor_type: "CLIPFeatureExtractor" };
    expect(processorOf(older)).toEqual(processorOf(processors.clip));
  });

  test.each([
    ["another processor", { image_processor_type: "LlavaImageProcessor" }, "LlavaImageProcessor"],
    ["none", { image_processor_type: undefined }, "null"],
    ["another filter", { resample: 0 }, "resample"],
    ["a size of nothing", { size: {} }, "height"],
    ["a size that is no number", { size: { shortest_edge: "56" } }, "shortest_edge"],
    ["a deviation of 0", { image_std: [1, 0, 1] }, "image_std"],
    ["two means", { image_mean: [1, 0] }, "image_mean"],
    ["padding", { do_pad: true }, "do_pad"],
  ])("that are not supported are named: %s", (_, change, named) => {
    expect(() => processorOf({ ...processors.clip, ...change })).toThrow(
      expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringContaining(named) }),
    );
  });
});

test("a picture that is a line is refused", () => {
  const line = { width: 1, height: 100_000, pixels: new Uint8Array(300_000) };
  expect(() => framed(line, processorOf(processors.clip), "line.png")).toThrow(
    expect.objectContaining({ code: "DATA_INVALID", at: { file: "line.png" } }),
  );
});

describe("an image reader", () => {
  const processor = processorOf(processors.clip);
  const copied = (name: string) => {
    const path = join(temporaryDirectory(), name);
    copyFileSync(join(directory, name), path);
    return { path, digest: sha256(readFileSync(path)) };
  };

  test("decodes an image once, and again when others have taken its place", async () => {
    const [first, second] = [copied("rgb-50x40.png"), copied("rgb-75x126.jpg")];
    const reader = new ImageReader(processor, new Recent(56 * 56 * 3));
    const picture = await reader.read(first);
    writeFileSync(first.path, "gone");
    expect(await reader.read(first)).toBe(picture);
    await reader.read(second);
    await expect(reader.read(first)).rejects.toMatchObject({ code: "DATA_INVALID" });
  });

  test("has what another reader of the same processor decoded, and nothing of another processor's", async () => {
    const image = copied("palette-60x80.png");
    const picture = await new ImageReader(processor).read(image);
    writeFileSync(image.path, "gone");
    expect(await new ImageReader(processorOf(processors.clip)).read(image)).toBe(picture);
    const other = new ImageReader(processorOf(processors.siglip));
    await expect(other.read(image)).rejects.toMatchObject({ code: "DATA_INVALID" });
  });

  test("refuses a file that is missing, or another one than that of the digest", async () => {
    const { path, digest } = copied("rgb-50x40.png");
    const reader = new ImageReader(processor);
    await expect(reader.read({ path: `${path}x`, digest })).rejects.toMatchObject({ at: { file: `${path}x` } });
    await expect(reader.read({ path, digest: sha256("") })).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: "The image is not the one that the suite was loaded with.",
    });
  });
});
