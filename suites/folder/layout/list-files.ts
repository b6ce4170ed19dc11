import { readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { dataExtensions } from "../formats/index.js";

const deepest = 4;
/** JSON that describes data and is none. */
const descriptions = new Set([
  "labels.json",
  "dataset_info.json",
  "dataset_infos.json",
  "dataset_dict.json",
  "state.json",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
]);

/** Relative paths, with forward slashes and sorted, of the files in a directory that can contain rows. */
export function listDataFiles(directory: string): string[] {
  const found: string[] = [];
  const visit = (inner: string[]): void => {
    for (const name of readdirSync(join(directory, ...inner)).sort()) {
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = [...inner, name];
      const stat = statSync(join(directory, ...path), { throwIfNoEntry: false });
      if (stat?.isDirectory() && inner.length < deepest) visit(path);
      const holdsRows = dataExtensions.includes(extname(name).toLowerCase()) && !descriptions.has(name.toLowerCase());
      if (stat?.isFile() && holdsRows) found.push(path.join("/"));
    }
  };
  visit([]);
  return found;
}
