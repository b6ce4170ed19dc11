import type { MatrixRecord } from "../../contract/result.js";
import { readAvalanche } from "./avalanche.js";
import { readGem } from "./gem.js";
import { readMammoth } from "./mammoth.js";
import { readTrace } from "./trace.js";

export { parseMatrix, readMatrix } from "./read-matrix.js";

/** A tool whose results can be read as they are. */
export type ResultTool = "trace" | "avalanche" | "mammoth" | "gem";

/** Readers of what other tools write, by the tool. Each takes a path and throws DATA_INVALID with the place. */
export const resultReaders: Readonly<Record<ResultTool, (path: string) => MatrixRecord>> = {
  trace: readTrace,
  avalanche: readAvalanche,
  mammoth: readMammoth,
  gem: readGem,
};
