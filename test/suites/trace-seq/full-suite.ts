import { generateSuite } from "../../../suites/trace-seq/generate.js";

/** The suite that is not quick, generated once for all files of a worker. */
export const suite = generateSuite(false);
