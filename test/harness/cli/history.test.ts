import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import type { History } from "../../../harness/contract/results/history.js";
import { newDirectory } from "../../files.js";
import { bench, words } from "./support.js";

const directory = newDirectory();
const table = JSON.parse(
  readFileSync(join(packageRoot, "test", "harness", "run", "fixtures", "model", "weights.json"), "utf8"),
) as unknown[];

/** Six checkpoints; from the fourth on the model has lost most of what it knew. */
beforeAll(async () => {
  for (let version = 1; version <= 6; version++) {
    const path = join(directory, "checkpoints", `step-${version}00`);
    mkdirSync(path, { recursive: true });
    const known = table.slice(0, version < 4 ? table.length - version : 8 - version);
    writeFileSync(join(path, "weights.json"), JSON.stringify(known));
  }
  const flags = ["words", "--trainer", "memory-frozen", "--interval", "0.3", "--once"];
  const watched = await bench(["watch", join(directory, "checkpoints"), ...flags], directory, {}, [words]);
  expect(watched.code, watched.stderr).toBe(0);
});

describe("history", () => {
  it("is printed on the terminal: versions in order, a row for each number, the steps", async () => {
    const { stdout, code, stderr } = await bench(["history"], directory);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("memory-frozen on words 1: 6 versions, step-100 … step-600");
    const row = stdout.split("\n").find((line) => line.startsWith("weight"))!;
    expect(row).toMatch(/^weight +[▁▂▃▄▅▆▇█]{6} +[\d.]+ +[\d.]+ +−[\d.]+ +worse by [\d.]+ from step-400$/);
  });

  it("is data for programs, and a page that needs nothing else", async () => {
    const { stdout } = await bench(["history", "runs", "--json", "--out", "site"], directory);
    const history = JSON.parse(stdout) as History & { files: string[] };
    const [series] = history.series;
    expect(series!.versions.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5, 6].map((step) => `step-${step}00`));
    expect(series!.lines.find(({ key }) => key === "weight")!.steps).toMatchObject([{ at: 3 }]);
    expect(history.files).toEqual([join(directory, "site", "index.html")]);
    const page = readFileSync(history.files[0]!, "utf8");
    expect(page).not.toMatch(/(src|href)="https?:/);
    const links = [...page.matchAll(/href="([^"#]+index\.html)"/g)].map(([, link]) => link!);
    expect(links).toHaveLength(6);
    for (const link of links) expect(existsSync(join(directory, "site", link))).toBe(true);
  });

  it("tells runs of different suites apart, and what it does not find", async () => {
    const small = ["words", "--trainer", "memory-frozen", "--quick", "--out", "other/small"];
    await bench(["evaluate", join(directory, "checkpoints", "step-100"), ...small], directory, {}, [words]);
    const both = await bench(["history", "runs", "other", "--json"], directory);
    expect(both.code).toBe(2);
    expect(JSON.parse(both.stdout).error).toMatchObject({ code: "RUN_MISMATCH" });
    const absent = await bench(["history", "--suite", "nothing", "--json"], directory);
    expect(JSON.parse(absent.stdout).error).toMatchObject({
      code: "USAGE",
      fix: expect.stringMatching(/^There are runs of words/),
    });
    const trainer = await bench(["history", "--trainer", "ewc", "--json"], directory);
    expect(JSON.parse(trainer.stdout).error).toMatchObject({ code: "UNKNOWN_NAME" });
  });
});
