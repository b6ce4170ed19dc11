import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";
import { builtOf } from "./test/built.js";
import { LongestFirst } from "./test/sequencer.js";

/** Tests import what `npm run build` made, as users load it: nothing is compiled twice, and there is one of each module. */
const built: Plugin = {
  name: "built",
  enforce: "pre",
  resolveId(source, importer) {
    const file = importer === undefined ? undefined : builtOf(source, importer);
    return file === undefined ? undefined : { id: pathToFileURL(file).href, external: true };
  },
};

export default defineConfig({
  plugins: [built],
  // What plug-ins import; vitest resolves it before the hook of `harness/plugins/own-package.ts` could.
  resolve: { alias: { "trace-bench/kit": join(import.meta.dirname, "dist", "kit.js") } },
  test: {
    server: { deps: { external: [/\/dist\//] } },
    globalSetup: "test/temporary.ts",
    setupFiles: "test/equality.ts",
    sequence: { sequencer: LongestFirst },
    // Ends what hangs; no test is meant to depend on how fast the machine is.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    teardownTimeout: 90_000,
    pool: "forks",
    maxWorkers: 3, // on two processors too: tests wait for processes, servers and clocks
    // Files share the modules of their worker, since loading them anew for each takes a third of the time: who changes a
    // variable or the working directory of the process puts it back.
    isolate: false,
  },
});
