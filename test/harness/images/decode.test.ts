import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../../harness/contract/digest.js";
import { decodeImage } from "../../../harness/images/decode.js";

const directory = join(import.meta.dirname, "../../fixtures/images");
const expected = JSON.parse(readFileSync(join(directory, "expected.json"), "utf8")).images;
const bytesOf = (name: string) => readFileSync(join(directory, name));
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "DATA_INVALID", message: expect.stringMatching(message), at: { file: "x" } });

describe("an image", () => {
  test("decodes as Pillow decodes it, whatever its mode and orientation", async () => {
    const names = readdirSync(directory).filter((name) => name !== "expected.json");
    expect(names).toHaveLength(24);
    for (const name of names) {
      const { width, height, pixels } = await decodeImage(bytesOf(name), name);
      expect({ name, size: [width, height], picture: sha256(pixels) }).toEqual({
        name,
        size: expected[name].size,
        picture: expected[name].picture,
      });
    }
  });

  test("of 16 bits a gray sample is cut off at 255, any other keeps the upper 8", async () => {
    const values = [0, 255, 256, 0x1234, 0xff00, 0xffff];
    const samples = Uint16Array.from(values);
    const raw = { width: 6, height: 1, channels: 1 } as const;
    const png = await sharp(samples, { raw }).toColourspace("grey16").png().toBuffer();
    expect((await sharp(png).metadata()).depth).toBe("ushort");
    const { pixels } = await decodeImage(png, "x");
    expect([...pixels]).toEqual([0, 255, 255, 255, 255, 255].flatMap((value) => [value, value, value]));
    const colored = Uint16Array.from(values.flatMap((value) => [value, value, value]));
    const rgb = sharp(colored, { raw: { ...raw, channels: 3 } })
      .toColourspace("rgb16")
      .png();
    const { pixels: upper } = await decodeImage(await rgb.toBuffer(), "x");
    expect([...upper]).toEqual([0, 0, 1, 0x12, 0xff, 0xff].flatMap((value) => [value, value, value]));
  });

  test.each(["rgb-160x120.jpg", "rgb-50x40.png", "lossy-105x75.webp"])(
    "that is cut off is refused: %s",
    async (name) => {
      const whole = bytesOf(name);
      for (const share of [0.3, 0.6, 0.95]) {
        const part = whole.subarray(0, Math.floor(whole.length * share));
        await expect(decodeImage(part, "x")).rejects.toEqual(invalid(/^The image cannot be decoded: /));
      }
    },
  );

  test("that is an animation is refused", async () => {
    const frames = ["rgb-50x40.png", "lossless-alpha-50x33.webp"].map(bytesOf);
    const webp = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer();
    await expect(decodeImage(webp, "x")).rejects.toEqual(invalid(/^The image is an animation/));
    const still = bytesOf("rgb-50x40.png");
    const control = Buffer.from("000000086163544c00000002000000000000000000", "hex").subarray(0, 20);
    const animated = Buffer.concat([still.subarray(0, 33), control, still.subarray(33)]);
    await expect(decodeImage(animated, "x")).rejects.toEqual(invalid(/^The image is an animation/));
  });

  test("of more pixels than fit is refused before it is decoded", async () => {
    const bomb = bytesOf("rgb-160x120.jpg");
    bomb.writeUInt32BE((9500 << 16) | 9500, bomb.indexOf("ffc0", "hex") + 5);
    await expect(decodeImage(bomb, "x")).rejects.toEqual(invalid(/9500 × 9500 pixels; at most 89478485/));
  });

  test("is told by its content, not by its name", async () => {
    for (const text of ["", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "RIFF....WAVEfmt "]) {
      await expect(decodeImage(Buffer.from(text), "x")).rejects.toEqual(invalid(/no JPEG, PNG or WebP image/));
    }
  });

  test("that is noise after the first bytes is refused", async () => {
    const noise = Uint8Array.from({ length: 300 }, (_, i) => (i * 89 + 17) % 256);
    for (const start of ["ffd8ff", "89504e470d0a1a0a", "52494646000100005745425056503820"]) {
      const bytes = Buffer.concat([Buffer.from(start, "hex"), noise]);
      await expect(decodeImage(bytes, "x")).rejects.toEqual(invalid(/cannot be decoded/));
    }
  });
});
