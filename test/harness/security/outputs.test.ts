import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot, writeFileAtomically, writeOutput } from "../../../harness/contract/files.js";
import { newDirectory } from "../../files.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { bench, benchProcess } from "../cli/support.js";

const directory = newDirectory();
const at = (name: string) => join(directory, name);

test("a link stays a link, and its file is written", () => {
  writeFileSync(at("file"), "old");
  symlinkSync("file", at("link"));
  writeOutput(at("link"), "new");
  expect(readlinkSync(at("link"))).toBe("file");
  expect(readFileSync(at("file"), "utf8")).toBe("new");
});

test.skipIf(process.platform === "win32")("a device is written to and stays a device", () => {
  const before = statSync("/dev/null");
  writeOutput("/dev/null", "text");
  expect(() => writeFileAtomically("/dev/null", "text")).toThrow(expect.objectContaining({ code: "STORAGE" }));
  const after = statSync("/dev/null");
  expect([after.isCharacterDevice(), after.ino, after.rdev]).toEqual([true, before.ino, before.rdev]);
});

test.skipIf(process.platform === "win32")("a pipe is written to and stays a pipe", () => {
  expect(spawnSync("mkfifo", [at("pipe")]).status).toBe(0);
  // the shell opens the pipe for reading, so that the writer does not wait for ever
  const script = `import { writeOutput } from ${JSON.stringify(join(packageRoot, "dist/harness/contract/files.js"))}; writeOutput("pipe", "text");`;
  const shell = `cat pipe > received & "$NODE" --input-type=module -e "$SCRIPT" && wait`;
  const { status, stderr } = spawnSync("sh", ["-c", shell], {
    cwd: directory,
    encoding: "utf8",
    env: { ...process.env, NODE: process.execPath, SCRIPT: script },
  });
  expect(status, stderr).toBe(0);
  expect(readFileSync(at("received"), "utf8")).toBe("text");
  expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
});

test("a directory is refused, and no temporary file is left", () => {
  mkdirSync(at("folder"));
  expect(() => writeOutput(at("folder"), "text")).toThrow(expect.objectContaining({ code: "STORAGE" }));
  expect(() => writeFileAtomically(at("folder"), "text")).toThrow(expect.objectContaining({ code: "STORAGE" }));
});

test.skipIf(process.platform === "win32")("the gate writes to /dev/stdout and /dev/null as to any file", async () => {
  writeFixtureRun(at("run"), { orders: 3, seeds: 1, only: ["ewc"] });
  expect((await bench(["gate", "bless", "run", "--reason", "first"], directory)).code).toBe(0);
  const given = [
    "gate",
    "run",
    "--margin",
    "op=0.1",
    "--markdown",
    "/dev/stdout",
    "--junit",
    "/dev/null",
    "--html",
    "/dev/null",
  ];
  const { code, stdout, stderr } = await benchProcess(given, directory);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^## ✅ PASS[\s\S]*^PASS /m);
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  const refused = await bench(["run", "trace-seq", "--quick", "--out", "/dev/null"], directory);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("STORAGE") });
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("files that a foreign run's folders link to are not written", async () => {
  writeFixtureRun(at("theirs"), { orders: 1, seeds: 1, only: ["ewc"] });
  writeFileSync(at("mine"), "kept");
  mkdirSync(at("theirs/export"));
  mkdirSync(at("theirs/report"));
  for (const file of ["export/matrices.csv", "export/predictions.jsonl", "report/index.html"]) {
    symlinkSync(at("mine"), join(at("theirs"), file));
  }
  expect((await bench(["export", "theirs"], directory)).code).toBe(0);
  expect((await bench(["report", "theirs"], directory)).code).toBe(0);
  expect(readFileSync(at("mine"), "utf8")).toBe("kept");
  expect(readFileSync(at("theirs/export/matrices.csv"), "utf8")).toContain("cell,trainer");
});
