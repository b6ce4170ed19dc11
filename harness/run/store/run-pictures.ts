import { constants, copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import type { Suite } from "../../contract/suite.js";
import { questionSets } from "../cell/views.js";

/** Bytes of images that a run keeps; the questions of more are shown without them. */
const mostBytes = 256 * 2 ** 20;

/** Where a run keeps the images of its questions, by their digests. */
const pictureOf = (directory: string, digest: string): string => pathInside(join(directory, "images"), digest);

/** Copies the images of the questions into a run's directory, so that its report can show them wherever it is made. */
export function keepPictures(directory: string, suite: Suite): void {
  let bytes = 0;
  for (const { examples } of questionSets(suite, { shifted: true })) {
    for (const part of examples.flatMap(({ input }) => input)) {
      if (part.type !== "image") continue;
      const copy = pictureOf(directory, part.digest);
      if (existsSync(copy)) continue;
      bytes += statSync(part.path).size;
      if (bytes > mostBytes) return;
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(part.path, copy, constants.COPYFILE_FICLONE);
    }
  }
}

/** The image of a digest that a run keeps; undefined where it does not, or another file has its place. */
export function readPicture(directory: string, digest: string): Buffer | undefined {
  const path = pictureOf(directory, digest);
  if (!existsSync(path)) return undefined;
  const bytes = readRegularFile(path);
  return sha256(bytes) === digest ? bytes : undefined;
}
