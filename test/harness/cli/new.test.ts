import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { type NewKind, newKinds, newPlugin } from "../../../harness/app/new-plugin.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { newDirectory } from "../../files.js";
import { hasPackages, python } from "../../python.js";
import { bench } from "./support.js";

const torch = hasPackages("torch", "transformers");

const question = (word: string, answer: string) => ({ prompt: `What goes with ${word}?`, answer });

/** A folder of data whose one task is scored by "my-scorer". */
function writeData(directory: string): void {
  const task = join(directory, "my-data", "words");
  mkdirSync(task, { recursive: true });
  const rows = ["sun", "moon", "tree", "lamp"].map((word) => question(word, `${word}light`));
  writeFileSync(join(task, "train.json"), JSON.stringify(rows));
  writeFileSync(join(task, "test.json"), JSON.stringify([question("door", "doorlight")]));
  writeFileSync(join(directory, "my-data", "suite.yaml"), "tasks: { words: { scorer: my-scorer } }\n");
}

describe("bench new", () => {
  it.each<[NewKind, string | undefined, "js" | "ts" | "py" | undefined, string]>([
    ["trainer", undefined, undefined, "my-method.mjs"],
    ["trainer", "my-method.mjs", undefined, "my-method.mjs"],
    ["trainer", "still", "ts", "still.ts"],
    ["trainer", "still", "py", "still.py"],
    ["trainer", "still.py", "py", "still.py"],
    ["trainer", "v1.2", undefined, "v1.2.mjs"],
    ["suite", "deep.mts", undefined, "deep.mts"],
    ["metric", undefined, "ts", "my-metric.ts"],
  ])("%s %s, language %s, is written to %s", (kind, name, language, file) => {
    const written = newPlugin(kind, name, language);
    expect(written.file).toBe(file);
    if (file.endsWith(".py")) expect(written.text).toContain(`command:python3 ${file}`);
  });

  it.each<[NewKind, string, "js" | "ts" | "py" | undefined, string]>([
    ["trainer", "../x", undefined, "Begin with a letter"],
    ["trainer", "x.js", undefined, "x.mjs"],
    ["trainer", "x.mjs", "py", "x.py"],
    ["scorer", "x.py", undefined, "--language js"],
  ])("%s %s, language %s, is refused with the fix", (kind, name, language, fix) => {
    expect(() => newPlugin(kind, name, language)).toThrow(
      expect.objectContaining({ code: "USAGE", fix: expect.stringContaining(fix) }),
    );
  });

  it("does not overwrite without --force", async () => {
    const place = newDirectory();
    expect(await bench(["new", "trainer", "mine"], place)).toMatchObject({ code: 0 });
    writeFileSync(join(place, "mine.mjs"), "mine");
    const again = await bench(["new", "trainer", "mine"], place);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("--force") });
    expect(await bench(["new", "trainer", "mine", "--force"], place)).toMatchObject({ code: 0 });
    expect(readFileSync(join(place, "mine.mjs"), "utf8")).toContain('name: "mine"');
  });
});

describe("what it writes", () => {
  it("is TypeScript under strict rules", () => {
    const place = newDirectory();
    for (const kind of newKinds) writeFileSync(join(place, `${kind}.ts`), newPlugin(kind, `${kind}.ts`).text);
    const options = {
      ...{ strict: true, noEmit: true, skipLibCheck: true, noUncheckedIndexedAccess: true, noUnusedLocals: true },
      ...{ module: "nodenext", target: "es2023", types: [] },
      paths: { "trace-bench/kit": [join(packageRoot, "dist", "kit.d.ts")] },
    };
    writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: options }));
    const compiler = join(packageRoot, "node_modules", "typescript", "bin", "tsc");
    expect(spawnSync(process.execPath, [compiler, "-p", place], { encoding: "utf8" }).stdout).toBe("");
  });

  it("runs as it is: a method learns a suite, and its answers are scored", async () => {
    const place = newDirectory();
    for (const words of [
      ["trainer", "method.ts"],
      ["suite", "numbers.mjs"],
    ])
      await bench(["new", ...words], place);
    const trainers = [{ name: "./method.ts", options: { steps: 12, items: 8 } }];
    writeFileSync(join(place, "bench.yaml"), JSON.stringify({ suite: "./numbers.mjs", trainers, quick: true }));
    const { code, stdout, stderr } = await bench(["run", "--config", "bench.yaml", "--json"], place);
    expect(code, stderr).toBe(0);
    const { suite, leaderboard } = JSON.parse(stdout);
    expect(suite.name).toBe("numbers");
    expect(leaderboard).toMatchObject([{ trainer: "method", privileges: { pastData: { buffer: 1000 } } }]);
    expect(leaderboard[0].metrics.learningAccuracy.mean).toBeGreaterThan(0);
  });

  it.runIf(torch)("fine-tunes with PyTorch", async () => {
    const place = newDirectory();
    for (const words of [
      ["trainer", "torch_method.py"],
      ["suite", "numbers.mjs"],
    ])
      await bench(["new", ...words], place);
    const trainers = `frozen,command:${python} torch_method.py`;
    const { code, stdout, stderr } = await bench(
      ["run", "./numbers.mjs", "--quick", "--trainers", trainers, "--json"],
      place,
    );
    expect(code, stderr).toBe(0);
    const rows: { trainer: string; metrics: Record<string, { mean: number }>; cost: { trainedTokens: number } }[] =
      JSON.parse(stdout).leaderboard;
    const [frozen, trained] = ["frozen", "torch_method"].map((name) => rows.find(({ trainer }) => trainer === name)!);
    const learned = (row: typeof frozen) => row!.metrics.learningAccuracy!.mean;
    expect(learned(trained)).toBeGreaterThan(learned(frozen) + 0.1);
    expect(trained!.cost.trainedTokens).toBeGreaterThan(0);
  });

  it("says what to install where the packages of the trainer in PyTorch are missing", async () => {
    const place = newDirectory();
    await bench(["new", "trainer", "torch_method.py"], place);
    const { code, stderr } = await bench(["validate", `command:${python} -S torch_method.py`], place);
    expect(code).toBe(2);
    expect(stderr).toContain("lacks the packages it needs: torch transformers (PLUGIN_INVALID)");
    expect(stderr).toContain("-m pip install torch transformers");
  });
});

const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
const commands = [...readme.matchAll(/^ {4}(bench new .*?)(?: +#.*)?$/gm)].map(([, command]) => command!);

describe("the README's commands", () => {
  test("are there for every kind", () => {
    for (const kind of newKinds) expect(commands.filter((command) => command.includes(`new ${kind} `))).not.toEqual([]);
  });

  test.each(commands.filter((command) => torch || !command.includes(".py")))("%s", async (command) => {
    const place = newDirectory();
    writeData(place);
    writeFileSync(join(place, "matrix.csv"), "0.1,0.2\n0.9,0.3\n0.4,0.8\n");
    for (const part of command.split(" && ")) {
      const words = [...part.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
      const given = words.slice(1).map((word) => word.replace("python3", python));
      const { code, stdout, stderr } = await bench(given[0] === "run" ? [...given, "--dry-run"] : given, place);
      expect(code, stderr).toBe(0);
      if (given[0] === "metrics") expect(stdout).toMatch(/my-metric\.own@1|Worst task/);
    }
  });
});
