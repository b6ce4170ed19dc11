import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/bench/**", "node_modules/**"],
    testTimeout: 120_000,
    // Some hooks make several whole runs, beside whatever else a machine of two cores does.
    hookTimeout: 300_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
