import { relative } from "node:path";

/** A path as people in the working directory would write it: relative below it, absolute elsewhere. */
export function nearPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === "" ? "." : near.startsWith("..") ? path : near;
}
