import { readFileSync } from "node:fs";
import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../contract/files.js";

/** Runs in its own thread. */
const hooks = join(packageRoot, "dist", "harness", "plugins", "own-package-hooks.js");

let provided = false;

/**
 * Lets modules that are imported from now on find this package by its name, wherever they are, and be written in
 * TypeScript whose types can be erased, also where this Node does not run it. What they import is what runs them: not
 * another version that is installed next to them.
 */
export function provideOwnPackage(): void {
  if (provided) return;
  provided = true;
  const manifest = join(packageRoot, "package.json");
  const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name: string };
  register(pathToFileURL(hooks), {
    data: { name, manifest: pathToFileURL(manifest).href, eraseTypes: !Reflect.get(process.features, "typescript") },
  });
}
