import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import type { Plugin } from "../../harness/contract/plugin.js";
import { plugin as launchers } from "../../launchers/index.js";
import { plugin as reports } from "../../reports/index.js";
import { plugin as suites } from "../../suites/index.js";
import { plugin as trainers } from "../../trainers/index.js";

const root = resolve(import.meta.dirname, "../..");

/** Words that a room registers and the kernel uses for something of its own. */
const homonyms: Record<string, string> = {
  joint: "a schedule, and what metrics may need",
  trace: "a tool whose result files `bench metrics` reads",
  gem: "a tool whose result files `bench metrics` reads",
};

/** Readers of earlier records know the names that stand in those. */
const historical = ["harness/run/store/upgrade.ts", "harness/claims/upgrade.ts"];

/** Every name that a room registers. */
const registered = new Set(
  [trainers, suites, reports, launchers].flatMap((plugin: Plugin) =>
    [
      ...(plugin.trainers ?? []),
      ...(plugin.trainersFrom?.(plugin.methods ?? []) ?? []),
      ...(plugin.suites ?? []),
      ...(plugin.reporters ?? []),
      ...(plugin.models ?? []),
      ...(plugin.engines ?? []),
      ...(plugin.launchers ?? []),
    ].map(({ name }) => name),
  ),
);

/** Texts in the code of a file, without its comments. */
function literalsOf(file: string): string[] {
  const code = readFileSync(file, "utf8").replace(/\/\*.*?\*\//gs, "");
  const literals = code.matchAll(/(?<=^|\s)\/\/[^\n]*|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`([^`$\\]*)`/g);
  return [...literals].flatMap(([, double, single, back]) => double ?? single ?? back ?? []);
}

const kernel = readdirSync(join(root, "harness"), { recursive: true, withFileTypes: true })
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((file) => file.endsWith(".ts") && !historical.includes(relative(root, file)));

test("the kernel knows no trainer, suite, reporter, model format, engine or launcher by its name", () => {
  const found = kernel.flatMap((file) =>
    literalsOf(file)
      .filter((text) => registered.has(text) && !(text in homonyms))
      .map((text) => `${relative(root, file)}: "${text}"`),
  );
  expect(registered.size).toBeGreaterThan(30);
  expect(found).toEqual([]);
});

test("every homonym is one", () => {
  const used = new Set(kernel.flatMap(literalsOf));
  for (const word of Object.keys(homonyms)) expect([registered.has(word), used.has(word)], word).toEqual([true, true]);
});
