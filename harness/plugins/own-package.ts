import { readFileSync } from "node:fs";
import * as modules from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../contract/files.js";
import { importsPackages } from "./module-imports.js";
import { initialize, load, type OwnPackage, resolve } from "./own-package-hooks.js";

/** Registers hooks in the calling thread (Node 22.15 and 23.5); undefined where hooks have a thread of their own. */
export const registerHooks = Reflect.get(modules, "registerHooks") as
  | ((hooks: { resolve: typeof resolve; load: typeof load }) => void)
  | undefined;

const hooks = join(packageRoot, "dist", "harness", "plugins", "own-package-hooks.js");

let provided = false;

/**
 * Lets modules that are imported from now on find this package by its name, wherever they are, and be written in
 * TypeScript whose types can be erased, also where this Node does not run it. What they import is what runs them: not
 * another version that is installed next to them. Where hooks have a thread, which takes as long to start as Node does,
 * there are none for modules that import no packages.
 */
export function provideOwnPackage(files: readonly string[]): void {
  if (provided || (registerHooks === undefined && !files.some((file) => importsPackages(file)))) return;
  provided = true;
  const manifest = join(packageRoot, "package.json");
  const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name: string };
  const data: OwnPackage = {
    name,
    manifest: pathToFileURL(manifest).href,
    eraseTypes: !Reflect.get(process.features, "typescript"),
  };
  if (registerHooks === undefined) {
    modules.register(pathToFileURL(hooks), { data });
  } else {
    initialize(data);
    registerHooks({ resolve, load });
  }
}
