import { defineSuite } from "../../harness/contract/define.js";

/** Questions on pictures: no files to bring along, no network. */
export const mmSeq = defineSuite({
  name: "mm-seq",
  summary: "Six generated tasks on pictures, one after another, and what becomes of the model's language meanwhile.",
  source: "Generated; the question is that of Srivastava et al., arXiv 2410.19925.",
  options: {},
  async load({ quick }) {
    const { generatePictureSuite } = await import("./generate.js");
    const { pictureDirectory } = await import("./pictures/picture-files.js");
    return generatePictureSuite(quick, pictureDirectory());
  },
});
