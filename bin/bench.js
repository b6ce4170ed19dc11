#!/usr/bin/env node
// The command `bench`. A checkout is built on first use: the project's .npmrc lets no install script run
// (one of them would download outside the npm registry), so `npm ci` alone leaves no dist/.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// written last, so that a build that was interrupted is made again
if (!existsSync(join(root, "dist", "built"))) {
  process.stderr.write("bench: building the checkout once …\n");
  const stdio = ["ignore", process.stderr.fd, process.stderr.fd];
  if (spawnSync(process.execPath, [join(root, "build.js")], { stdio }).status !== 0) {
    process.stderr.write("bench: the build failed; run `npm ci` and `npm run build` in the checkout to see why.\n");
    process.exit(2);
  }
}

await import(pathToFileURL(join(root, "dist", "bench.js")).href);
