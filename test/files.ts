import { mkdtempSync, readdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { packageRoot } from "../harness/contract/files.js";

/** The embedded model, as users have it. */
export const embeddedModel = join(packageRoot, "suites", "trace-seq", "model");

/** A new directory; all of them are removed when all tests have ended. */
export const newDirectory = (): string => realpathSync(mkdtempSync(join(tmpdir(), "bench-")));

/** The files below a directory, relative to it, in order. */
export const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
