import { defineSuite } from "../../harness/contract/define.js";
import { Type } from "../../harness/contract/type.js";
import { folderOptions } from "../folder/options.js";

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
  load: async (request) => (await import("./load.js")).loadLlava(request),
});
