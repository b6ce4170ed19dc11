#!/usr/bin/env node
// The command `bench`. A checkout is built on first use: the project's .npmrc lets no install script run
// (one of them would download outside the npm registry), so `npm ci` alone leaves no dist/.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const entry = join(root, "dist", "bench.js");

if (!existsSync(entry)) {
  process.stderr.write("bench: building the checkout once (tsc) …\n");
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
  const compiles = [join(dirname(compiler), "bin", "tsc"), "-p", join(root, "tsconfig.json")];
  const steps = [compiles, [join(root, "dist", "harness", "config", "compile-schemas.js")]];
  const stdio = ["ignore", process.stderr.fd, process.stderr.fd];
  if (!steps.every((step) => spawnSync(process.execPath, step, { stdio }).status === 0)) {
    process.stderr.write("bench: the build failed; run `npm ci` and `npm run build` in the checkout to see why.\n");
    process.exit(2);
  }
}

await import(pathToFileURL(entry).href);
