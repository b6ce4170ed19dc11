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
    pool: "forks",
    maxWorkers: 2,
    projects: [
      // Files that share the modules of their worker: loading them anew for each takes a third of their time.
      { extends: true, test: { name: "rooms", isolate: false, include: ["test/!(harness|ci|bench)/**/*.test.ts"] } },
      // Tests of the kernel change the variables and the working directory of their process.
      { extends: true, test: { name: "harness", include: ["test/{harness,ci}/**/*.test.ts"] } },
    ],
  },
});
