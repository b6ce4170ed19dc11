import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // What plug-ins import; vitest resolves it before the hook of `harness/plugins/own-package.ts` could.
  resolve: { alias: { "trace-bench/kit": join(import.meta.dirname, "kit.ts") } },
  test: {
    // What `npm run build` made is loaded by Node, as users load it.
    server: { deps: { external: [/\/dist\//] } },
    globalSetup: "test/temporary.ts",
    // Ends what hangs; no test is meant to depend on how fast the machine is.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    teardownTimeout: 90_000,
    pool: "forks",
    maxWorkers: 2,
    // Files share the modules of their worker, since loading them anew for each takes a third of the time: who changes a
    // variable or the working directory of the process puts it back.
    isolate: false,
  },
});
