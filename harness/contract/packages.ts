import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * Packages in CommonJS that few commands need, loaded when they are first asked for: most consist of dozens of files,
 * and to load one takes 30 to 60 ms of CPU, in each process and worker.
 */
export const packages = {
  get ajv(): typeof import("ajv") {
    return require("ajv");
  },
  get jStat(): typeof import("jstat").default {
    return require("jstat");
  },
  get stringWidth(): (text: string) => number {
    return require("string-width");
  },
  get yaml(): typeof import("yaml") {
    return require("yaml");
  },
};
