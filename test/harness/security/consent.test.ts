import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { requireConsent } from "../../../harness/plugins/consent.js";
import { newDirectory } from "../../files.js";
import { bench, words } from "../cli/support.js";
import { removeDigests } from "../run/fixtures/without-digests.js";

const directory = newDirectory();
const executed = join(directory, "executed");
const trap = [
  `command:touch ${executed}`,
  join(directory, "trap.mjs"),
  new URL(`file://${join(directory, "trap.mjs")}`).href,
];

beforeAll(async () => {
  const given = ["run", "words", "--trainers", "memory-frozen", "--orders", "3", "--workers", "1", "--out", "run"];
  const { code, stderr } = await bench(given, directory, {}, [words]);
  expect(code, stderr).toBe(0);
  cpSync(join(directory, "run"), join(directory, "theirs"), { recursive: true });
  writeFileSync(trap[1]!, `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(executed)}, "");`);
  removeDigests(join(directory, "theirs"));
  const path = join(directory, "theirs", "run.json");
  const run = JSON.parse(readFileSync(path, "utf8"));
  run.config.plugins = trap;
  writeFileSync(path, JSON.stringify(run));
});

test("reading a run executes no plug-in that it names", async () => {
  expect((await bench(["gate", "bless", "run", "--reason", "first"], directory)).code).toBe(0);
  for (const words of [
    ["report", "theirs"],
    ["export", "theirs"],
    ["history", "theirs"],
    ["validate", "theirs"],
    ["compare", "run", "theirs"],
    ["leaderboard", "theirs", "--out", "board"],
    ["claims", "--run", "theirs"],
    ["gate", "theirs", "--margin", "op=0.1"],
  ]) {
    const { code, stderr } = await bench(words, directory);
    expect({ words, code, stderr }).toMatchObject({ code: 0 });
  }
  expect(existsSync(executed)).toBe(false);
});

test("consent is to the plug-ins and their files as they are", () => {
  const module = join(directory, "mine.mjs");
  writeFileSync(module, "export const plugin = {};");
  const fixOf = (consent?: string): string => {
    try {
      requireConsent([module, "command:python3 my.py"], consent, "run");
    } catch (error) {
      expect(error).toMatchObject({ code: "USAGE", message: expect.stringContaining("mine.mjs") });
      return (error as { fix: string }).fix;
    }
    return "none";
  };
  const digest = /--trust-plugins ([0-9a-f]{12})$/.exec(fixOf())![1]!;
  expect(fixOf(digest)).toBe("none");
  expect(fixOf(digest.slice(0, 11))).not.toBe("none");
  writeFileSync(module, "export const plugin = { trainers: [] };");
  expect(fixOf(digest)).not.toBe("none");
  expect(() => requireConsent([], undefined, "run")).not.toThrow();
});
