import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { sha256 } from "../../../harness/contract/digest.js";

/** The files below a directory, relative to it, in order. */
export const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();

/** Names and digests of all files below a directory. */
export const contentsOf = (directory: string): string =>
  filesOf(directory)
    .map((path) => `${path} ${sha256(readFileSync(join(directory, path)))}\n`)
    .join("");
