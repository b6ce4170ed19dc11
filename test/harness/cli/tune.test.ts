import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { packageRoot } from "../../../harness/contract/files.js";
import type { TuneRecord } from "../../../harness/tune/record.js";
import { bench, newDirectory, type Spoken, words } from "./support.js";

const directory = newDirectory();
const small = ["words", "--plugin", words, "--workers", "1", "--tasks", "2"];

const write = (name: string, content: unknown): string => {
  writeFileSync(join(directory, name), typeof content === "string" ? content : stringify(content));
  return name;
};

const recordIn = (out: string): TuneRecord => JSON.parse(readFileSync(join(directory, out, "tune.json"), "utf8"));

/** The printed table with what differs from machine to machine left out. */
const still = (text: string): string =>
  text.replaceAll(/ {2}\d+\.\ds$/gm, "  TIME").replaceAll(/-[0-9a-f]{8}/g, "-DIGEST");

describe("tune, from the command to the configuration", () => {
  const command = ["tune", "memory-sequential", ...small, "--candidates", "4", "--out", "found"];
  let first: Spoken;

  beforeAll(async () => {
    first = await bench([...command, "--json"], directory);
  });

  it("tries the default and drawn candidates with seeds of its own, and records how in the published schema", () => {
    expect(first.code, first.stderr).toBe(0);
    const record = recordIn("found");
    expect(JSON.parse(first.stdout)).toEqual({ ...record, config: join(directory, "found", "tuned.yaml") });
    const schema = readFileSync(join(packageRoot, "harness/contract/schemas/tune.schema.json"), "utf8");
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    expect(ajv.validate(JSON.parse(schema), record), ajv.errorsText()).toBe(true);
    expect(record).toMatchObject({
      trainer: { name: "memory-sequential", version: 1 },
      suite: { name: "words", version: "1", order: "published", tasks: ["colour", "size"] },
      search: { kind: "random", tasks: 2, candidates: 4, seed: 1, objective: { key: "op" }, seeds: [11, 12] },
    });
    const [{ results }] = record.rungs as [TuneRecord["rungs"][number]];
    expect(results.map(({ label }) => label).sort()).toEqual(["c00", "c01", "c02", "c03"]);
    expect(results.find(({ label }) => label === "c00")!.values).toEqual({ epochs: 4 });
    const scores = results.map(({ score }) => score!);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const tied = results.filter(({ score }) => score === scores[0]).map(({ distance }) => distance);
    expect(tied.length).toBeGreaterThan(1);
    expect(tied).toEqual(tied.toSorted((a, b) => a - b));
    expect(record.chosen).toMatchObject({ label: results[0]!.label, score: scores[0] });
  });

  it("goes on where it was left, to the same record and configuration", async () => {
    const files = ["tune.json", "tuned.yaml"].map((name) => join(directory, "found", name));
    const before = files.map((file) => readFileSync(file, "utf8"));
    const cells = readFileSync(join(directory, "found", "rung-1", "journal.jsonl"), "utf8");
    for (const file of files) rmSync(file);
    const again = await bench(command, directory);
    expect(again.code, again.stderr).toBe(0);
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
    expect(readFileSync(join(directory, "found", "rung-1", "journal.jsonl"), "utf8").startsWith(cells)).toBe(true);
    expect(again.stderr).not.toContain("training");
    expect(still(again.stdout)).toMatchSnapshot();
  });

  it("goes on after an interruption to what it would have been", async () => {
    const paused = write("paused.yaml", {
      trainers: [{ name: "memory-sequential", label: "slow", options: { pause: 1 } }],
    });
    const slow = [
      "tune",
      "slow",
      ...small,
      "--config",
      paused,
      "--candidates",
      "3",
      "--seeds",
      "1",
      "--out",
      "interrupted",
    ];
    const stopped = await bench(slow, directory, {}, /✓ c00/);
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(existsSync(join(directory, "interrupted", "tune.json"))).toBe(false);
    const ended = await bench(slow, directory);
    expect(ended.code, ended.stderr).toBe(0);
    const whole = recordIn("found").rungs[0]!.results;
    const { results } = recordIn("interrupted").rungs[0]!;
    expect(results).toHaveLength(3);
    for (const { label, scores } of results) {
      expect(scores).toEqual(whole.find((other) => other.label === label)!.scores.slice(0, 1));
    }
  });

  it("writes a configuration that `bench run` takes", async () => {
    const { chosen } = recordIn("found");
    const { code, stdout, stderr } = await bench(
      ["run", "--config", "found/tuned.yaml", "--plugin", words, "--dry-run", "--json"],
      directory,
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).run.trainers).toMatchObject([
      { label: "memory-sequential-tuned", name: "memory-sequential", options: chosen.values },
    ]);
  });

  it("fits a narrow terminal", async () => {
    const { stdout } = await bench(command, directory, { COLUMNS: "44" });
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(44);
  });

  it("shows what it will do, and does nothing", async () => {
    const { code, stdout } = await bench(
      ["tune", "memory-sequential", "words", "--plugin", words, "--search", "halving", "--out", "none", "--dry-run"],
      directory,
    );
    expect(code).toBe(0);
    expect(stdout.replace(/about .*s, by/, "about TIME, by")).toMatchSnapshot();
    expect(existsSync(join(directory, "none"))).toBe(false);
  });
});

describe("what a search sees and asks", () => {
  const drawn = ["--candidates", "3", "--seeds", "1", "--out"];

  it.each([
    ["random", [], ["colour", "size"]],
    ["halving", ["--search", "halving", "--tasks", "3"], ["colour", "size", "taste"]],
  ])("%s: no test item, no probe, no later task", async (kind, flags, tasks) => {
    const file = join(directory, `${kind}.jsonl`);
    const config = write("witness.yaml", {
      suite: { name: "words", options: { tasks: 4 } },
      trainers: [{ name: "memory-witness", label: "w", options: { file, taskIdAtTest: true } }],
    });
    const space = write("epochs.yaml", "epochs: { values: [1, 2, 3] }\n");
    const common = ["tune", "w", "--config", config, "--plugin", words, "--space", space, "--workers", "1"];
    const { code, stderr } = await bench([...common, "--tasks", "2", ...flags, ...drawn, kind], directory);
    expect(code, stderr).toBe(0);
    const told = readFileSync(file, "utf8");
    expect(told).not.toMatch(/-(test|shifted|probe)-/);
    const later = ["colour", "size", "taste", "sound"].filter((task) => !tasks.includes(task));
    for (const task of later) expect(told).not.toContain(task);
    const calls = told
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { call: string; handed: never });
    const handed = calls
      .filter(({ call }) => call === "learn")
      .flatMap(({ handed }) => (handed as { view: { tasks: { validation: { id: string }[] }[] } }).view.tasks)
      .flatMap(({ validation }) => validation.map(({ id }) => id));
    const asked = calls
      .filter(({ call }) => call === "generate")
      .flatMap(({ handed }) => (handed as { requests: { id: string; input: { text: string }[] }[] }).requests);
    expect(handed).not.toHaveLength(0);
    expect(asked).not.toHaveLength(0);
    const { tasks: learnt } = recordIn(kind).suite;
    expect(learnt).toEqual(tasks);
    const samples = readFileSync(join(directory, kind, "rung-1", "examples.jsonl"), "utf8");
    expect(samples).toMatch(/colour-validation-\d/);
    for (const id of handed) expect(samples).not.toContain(`"${id}"`);
  });
});

describe("a wrong space or search ends with 2 and says what was meant", () => {
  it.each([
    ["a space", ["memory-sequential", "--space", write("wrong.yaml", "epoch: { values: [1] }\n")]],
    ["an objective", ["memory-sequential", "--objective", "bwd"]],
    ["one rung", ["memory-sequential", "--search", "halving"]],
    ["a trainer that declares none", ["memory-witness"]],
  ])("%s", async (_, [trainer, ...flags]) => {
    const { code, stdout, stderr } = await bench(["tune", trainer!, ...small, ...flags], directory);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatchSnapshot();
  });
});
