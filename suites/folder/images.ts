import { sha256 } from "../../harness/contract/digest.js";
import { BenchError, type ErrorLocation } from "../../harness/contract/errors.js";
import { pathInside } from "../../harness/contract/files/foreign-path.js";
import { readRegularFile } from "../../harness/contract/files/read-file.js";
import { plural } from "../../harness/contract/printable.js";
import type { Part } from "../../harness/contract/suite.js";
import { imageFormat } from "../../harness/images/format.js";
import type { Cells, RowImage } from "./shapes/cells.js";

/** What stands for an image in a prompt. */
const placeholder = "<image>";

/** The images of a suite's rows, in one directory. Each file is read once, for its digest. */
export class ImageFolder {
  private readonly digests = new Map<string, string>();

  constructor(readonly directory: string) {}

  /**
   * What the column `image` of a row names: one path or several, below the directory.
   *
   * @throws DATA_INVALID naming the row, where a name leads out of the directory, or the prompt has another number of
   *   placeholders.
   */
  imagesOf(cells: Cells, prompt: string): RowImage[] {
    const given = cells.values.image;
    const names = given === undefined || given === null ? [] : [given].flat();
    const images = names.map((name): RowImage => {
      if (typeof name !== "string" || name === "") {
        cells.complain(`has an image that is no path: ${JSON.stringify(name)}`, "Give the path of the image file.");
      }
      return { name, path: this.pathOf(name, cells), ...cells.place };
    });
    const places = prompt.split(placeholder).length - 1;
    if (places === images.length || (places === 0 && images.length > 0)) return images;
    return cells.complain(
      `names ${plural(images.length, "image")} and has ${plural(places, placeholder)} in its prompt`,
      `Write ${placeholder} once for each image, or not at all: then the images come before the text.`,
    );
  }

  /** A prompt with its images at the placeholders; before the text and a line break where there is none. */
  inputOf(prompt: string, images: readonly RowImage[]): Part[] {
    const seen = images.map((image) => this.part(image));
    const texts = prompt.split(placeholder);
    if (texts.length === 1) return [...seen, { type: "text", text: `\n${prompt}` }];
    return texts.flatMap((text, index): Part[] => [
      ...(text === "" ? [] : [{ type: "text" as const, text }]),
      ...seen.slice(index, index + 1),
    ]);
  }

  private part({ name, path, row, at }: RowImage): Part {
    const digest = this.digests.get(path) ?? digestOfImage(name, path, row, at);
    this.digests.set(path, digest);
    return { type: "image", path, digest };
  }

  private pathOf(name: string, cells: Cells): string {
    try {
      return pathInside(this.directory, name.replace(/^(?:\.\/)+/, ""));
    } catch {
      const fix = "Give a path below the directory of the images, with forward slashes.";
      return cells.complain(`names an image outside of ${this.directory}: ${JSON.stringify(name.slice(0, 80))}`, fix);
    }
  }
}

function digestOfImage(name: string, path: string, row: number, at: ErrorLocation): string {
  let bytes: Uint8Array;
  try {
    bytes = readRegularFile(path);
  } catch (cause) {
    throw new BenchError("DATA_INVALID", `row ${row} names an image that cannot be read: ${name}`, {
      at,
      cause,
      fix: `Put the file at ${path}, or name the directory of the images with the suite option images.`,
    });
  }
  imageFormat(bytes, path);
  return sha256(bytes);
}
