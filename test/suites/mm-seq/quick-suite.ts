import { generatePictureSuite } from "../../../suites/mm-seq/generate.js";
import { newDirectory } from "../../files.js";

/** The quick suite, painted once for all files of a worker, and where its pictures are. */
export const pictures = newDirectory();
export const suite = generatePictureSuite(true, pictures);
