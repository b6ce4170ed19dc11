import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importsPackages } from "../../../harness/plugins/module-imports.js";
import { newDirectory } from "../../files.js";
import { fixture } from "../cli/support.js";

test.each([
  ["words.mjs", false],
  ["engines.mjs", false],
  ["kit-methods.mjs", true],
  ["not-erasable.ts", true],
])("%s imports packages, or is not JavaScript: %s", (name, expected) => {
  expect(importsPackages(fixture(name))).toBe(expected);
});

test.each([
  ['import { join } from "node:path"; import "fs"; export const here = import.meta.url;', false],
  ['export * from "./module.mjs"; const later = () => import("./module.mjs");', false],
  ['export * from "./lib.mjs";', true],
  ['const later = () => import("trace\\u002dbench/kit");', true],
  ["const later = (name) => import(name);", true],
  ['import "./types.ts";', true],
  ['import "./nowhere.mjs";', true],
  ["import {", true],
])("%s needs more than its files: %s", (text, expected) => {
  const directory = newDirectory();
  writeFileSync(join(directory, "module.mjs"), text);
  writeFileSync(join(directory, "lib.mjs"), 'import { defineMethod } from "trace-bench/kit";');
  expect(importsPackages(join(directory, "module.mjs"))).toBe(expected);
});
