import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineSuite } from "../../harness/contract/define.js";
import { BenchError } from "../../harness/contract/errors.js";
import { Type } from "../../harness/contract/type.js";
import { resolveReference } from "../../harness/hub.js";
import { ImageFolder } from "../folder/images.js";
import { folderOptions, loadFolder } from "../folder/index.js";

/** Questions on images: a directory of tasks whose rows name an image besides their conversation. */
export const llava = defineSuite({
  name: "llava",
  summary: "Questions on images: <task>/{train,test} in LLaVA's JSON (image, conversations): bench run llava:PATH",
  source: "files in LLaVA's form (2304.08485), by path or hf://datasets/owner/name",
  options: {
    ...folderOptions,
    images: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Directory that the paths of images start from; by default images/ in the data, or the data itself",
      }),
    ),
  },
  async load({ location, options: { images, ...options }, quick }) {
    if (location === undefined) {
      throw new BenchError("USAGE", 'the suite "llava" needs a directory', {
        fix: "Write it behind the name: bench run llava:./my-data --model ./my-llava-model.",
      });
    }
    const { directory, revision } = await resolveReference(location, "dataset");
    const source = { suite: "llava", location, directory, revision };
    return loadFolder({ ...source, images: new ImageFolder(imagesIn(directory, images)) }, options, quick);
  },
});

/** The directory of the images. Throws CONFIG_INVALID where the one that is named is not there. */
function imagesIn(data: string, named: string | undefined): string {
  if (named === undefined) return resolve(existsSync(join(data, "images")) ? join(data, "images") : data);
  const found = resolve(named);
  if (statSync(found, { throwIfNoEntry: false })?.isDirectory() === true) return found;
  throw new BenchError("CONFIG_INVALID", `there is no directory of images at ${named}`, {
    fix: "Give its path, from where the command runs, as the suite option images.",
  });
}
