import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newDirectory } from "../../files.js";
import { bench } from "./support.js";

const directory = newDirectory();

const row = (name: string) => JSON.stringify({ question: `Where is ${name}?`, answer: `At home with ${name}.` });
mkdirSync(join(directory, "data", "where"), { recursive: true });
writeFileSync(join(directory, "data/where/train.jsonl"), ["Tom", "Ben", "Eva", "Mia"].map(row).join("\n"));
writeFileSync(join(directory, "data/where/dev.jsonl"), row("Leo"));
writeFileSync(join(directory, "data/where/test.jsonl"), ["Zoe", "Tom"].map(row).join("\n"));
const leak = "where: test prompts that are also in its training or validation data: 1 of 2 (1 with the same answer)";

it("validate says how data was read and what leaks, a run notes it, --strict refuses it", async () => {
  const { code, stdout } = await bench(["validate", "./data"], directory, { COLUMNS: "200" });
  expect(code).toBe(0);
  expect(stdout).toContain('where: prompt from "question", answer from "answer"');
  expect(stdout).toContain("4 train, 1 validation, 2 test; rouge-l");
  const told = JSON.parse((await bench(["validate", "./data", "--json"], directory)).stdout);
  expect(told.findings["found 1"]).toBe(`${leak}, such as where/test/1 and where/train/0`);

  const plan = JSON.parse(
    (await bench(["run", "./data", "--trainers", "frozen", "--dry-run", "--json"], directory)).stdout,
  );
  expect(plan.run.suite.notes).toContain(told.findings["found 1"]);

  for (const words of [
    ["validate", "./data"],
    ["run", "./data", "--trainers", "frozen"],
  ]) {
    const refused = await bench([...words, "--strict"], directory);
    expect([refused.code, refused.stderr.replaceAll(/\s+/g, " ")]).toEqual([2, expect.stringContaining(leak)]);
  }
});

it("init suite writes the settings of the data, once", async () => {
  const written = await bench(["init", "suite", "./data"], directory);
  expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining("Wrote data/suite.yaml") });
  expect((await bench(["validate", "./data"], directory)).code).toBe(0);
  expect((await bench(["init", "suite", "./data"], directory)).stderr).toContain("already there");
});
