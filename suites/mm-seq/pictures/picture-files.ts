import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../../harness/contract/digest.js";
import { cacheDirectory } from "../../../harness/contract/files.js";
import type { Part } from "../../../harness/contract/suite.js";
import { encodePng } from "./png.js";

/** Where the pictures of suites are kept, by their digests: the same ones for every run. */
export const pictureDirectory = (): string => join(cacheDirectory(), "pictures");

/** Writes a picture, where it is not there yet, as an image of an input. A reader never sees a part of the file. */
export function pictureFile(pixels: Uint8Array, directory: string): Extract<Part, { type: "image" }> {
  const png = encodePng(pixels);
  const digest = sha256(png);
  const folder = join(directory, digest.slice(0, 2));
  const path = join(folder, `${digest}.png`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, png);
    renameSync(temporary, path);
  }
  return { type: "image", path, digest };
}
