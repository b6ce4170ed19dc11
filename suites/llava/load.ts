import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, SuiteRequest } from "../../harness/contract/suite.js";
import { resolveReference } from "../../harness/hub.js";
import { ImageFolder } from "../folder/images.js";
import { loadFolder } from "../folder/load.js";
import type { FolderOptions } from "../folder/options.js";

/** Loads the suite `llava`. Throws USAGE where no directory is named. */
export async function loadLlava({
  location,
  options: { images, ...options },
  quick,
}: SuiteRequest<FolderOptions & { images?: string }>): Promise<Suite> {
  if (location === undefined) {
    throw new BenchError("USAGE", 'the suite "llava" needs a directory', {
      fix: "Write it behind the name: bench run llava:./my-data --model ./my-llava-model.",
    });
  }
  const { directory, revision } = await resolveReference(location, "dataset");
  const source = { suite: "llava", location, directory, revision };
  return loadFolder({ ...source, images: new ImageFolder(imagesIn(directory, images)) }, options, quick);
}

/** The directory of the images. Throws CONFIG_INVALID where the one that is named is not there. */
function imagesIn(data: string, named: string | undefined): string {
  if (named === undefined) return resolve(existsSync(join(data, "images")) ? join(data, "images") : data);
  const found = resolve(named);
  if (statSync(found, { throwIfNoEntry: false })?.isDirectory() === true) return found;
  throw new BenchError("CONFIG_INVALID", `there is no directory of images at ${named}`, {
    fix: "Give its path, from where the command runs, as the suite option images.",
  });
}
