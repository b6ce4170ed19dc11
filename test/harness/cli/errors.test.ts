import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newDirectory } from "../../files.js";
import { bench, benchProcess, fixture, words } from "./support.js";

const directory = newDirectory();
const write = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return name;
};

describe("an error is three short lines: what, where, how to mend it", () => {
  it("in a configuration", async () => {
    const file = write("typo.yaml", "suite: trace-seq\ntrainers:\n  - name: replay\n    label: mine\n    option: {}\n");
    expect(await benchProcess(["run", "--config", file], directory)).toMatchInlineSnapshot(`
      {
        "code": 2,
        "signal": null,
        "stderr": "bench: unknown key "option" in "trainers.0" (CONFIG_INVALID)
         at: typo.yaml:5:5
        fix: Did you mean "options"?
      ",
        "stdout": "",
      }
    `);
  });

  it("in YAML", async () => {
    const file = write("broken.yaml", "suite: trace-seq\nseeds: [1, 2\ntrainers: []\n");
    expect((await bench(["run", "--config", file], directory)).stderr).toMatchInlineSnapshot(`
      "bench: Flow sequence in block collection must be sufficiently indented and end with a ] (CONFIG_SYNTAX)
         at: broken.yaml:3:1
        fix: Mend the YAML there: indent with blanks, close brackets and quotes, write a key only once.
      "
    `);
  });

  it("in a name", async () => {
    const { code, stderr } = await bench(["run", "words", "--plugin", words, "--trainers", "memory-replya"], directory);
    expect(code).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "bench: there is no trainer "memory-replya" (UNKNOWN_NAME)
        fix: Did you mean "memory-replay"?
      "
    `);
  });

  it("in an option's value, with its place", async () => {
    const file = write(
      "epochs.yaml",
      `suite: words\nplugins: [${words}]\ntrainers:\n  - {name: memory-joint, options: {epochs: many}}\n`,
    );
    expect((await benchProcess(["validate", file], directory)).stderr).toMatchInlineSnapshot(`
      "bench: trainer "memory-joint": "epochs" is the string "many" (CONFIG_INVALID)
         at: epochs.yaml:4:44
        fix: Give a whole number.
      "
    `);
  });

  it("in a plug-in", async () => {
    const { code, stderr } = await bench(["validate", fixture("throws-on-import.mjs")], directory);
    expect(code).toBe(2);
    expect(stderr.replaceAll(fixture(""), "")).toMatchInlineSnapshot(`
      "bench: the module cannot be loaded: nothing here (PLUGIN_INVALID)
         at: /throws-on-import.mjs
        fix: Mend the module: \`node <file>\` must run without an error.
      "
    `);
  });

  it("in a run directory that is none", async () => {
    const { code, stderr } = await bench(["report", "."], directory);
    expect(code).toBe(2);
    expect(stderr.replaceAll(directory, "DIRECTORY")).toMatchInlineSnapshot(`
      "bench: DIRECTORY contains no run (there is no run.json) (STORAGE)
         at: run.json
        fix: Give the directory that \`bench run\` printed, such as runs/<id>.
      "
    `);
  });

  it("in a matrix", async () => {
    expect((await bench(["metrics", write("percent.csv", "50,0\n40,70\n")], directory)).stderr).toMatchInlineSnapshot(`
      "bench: "50" is no score (DATA_INVALID)
         at: percent.csv:1:1
        fix: Scores are on 0..1; say --percent where they are on 0..100.
      "
    `);
  });

  it("in what a data directory asks for, and what it lacks", async () => {
    const rows = JSON.stringify([{ prompt: "1 + 1", answer: "2" }]);
    const task = join(directory, "data", "sums");
    mkdirSync(task, { recursive: true });
    for (const split of ["train", "eval", "test"]) writeFileSync(join(task, `${split}.json`), rows);
    const config = write(
      "general.yaml",
      "suite: ./data\ntrainers:\n  - {name: replay, label: mixed, options: {generalItems: 5}}\n",
    );
    expect((await bench(["run", "--config", config, "--dry-run"], directory)).stderr).toMatchInlineSnapshot(`
      "bench: trainer "mixed" asks for 5 general items, but the suite "folder" has none (CONFIG_INVALID)
        fix: Leave that option out, or run a suite that has general items, such as trace-seq.
      "
    `);
    write("data/suite.yaml", "tasks: {sums: {scorer: exact-matchh}}\n");
    const { code, stderr } = await bench(["run", "./data", "--trainers", "frozen", "--dry-run"], directory);
    expect(code).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "bench: "sums": there is no scorer "exact-matchh" (UNKNOWN_NAME)
        fix: Did you mean "exact-match"?
      "
    `);
  });

  it("in a run directory below a file", async () => {
    const file = write("occupied", "");
    const { code, stderr } = await bench(
      ["run", "words", "--plugin", words, "--trainers", "memory-frozen", "--out", join(file, "run")],
      directory,
    );
    expect(code).toBe(2);
    expect(stderr).toContain("(STORAGE)");
  });

  it("as JSON, where JSON was asked for", async () => {
    const { code, stdout, stderr } = await benchProcess(["show", "nothing-like-it", "--json"], directory);
    expect(code).toBe(2);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "UNKNOWN_NAME", fix: expect.any(String) } });
    expect(stdout).not.toContain("stack");
  });

  it("with a stack only where it was asked for", async () => {
    const plain = await bench(["show", "nothing-like-it"], directory);
    expect(plain.stderr).not.toMatch(/^ +at /m);
    expect((await bench(["show", "nothing-like-it", "--stack"], directory)).stderr).toMatch(/^ +at /m);
    expect((await bench(["show", "nothing-like-it"], directory, { BENCH_DEBUG: "1" })).stderr).toMatch(/^ +at /m);
  });

  it("without colors where there is no terminal", async () => {
    const { stderr } = await bench(["show", "nothing-like-it"], directory, { CI: "1" });
    expect(stderr.includes("\u001b")).toBe(false);
  });
});

describe("the other verbs", () => {
  it("init writes a configuration that is valid as it is", async () => {
    const place = join(directory, "init");
    mkdirSync(place);
    expect((await bench(["init"], place)).code).toBe(0);
    expect((await bench(["init"], place)).code).toBe(2);
    const { code, stderr } = await bench(
      ["run", "words", "--plugin", words, "--config", "bench.yaml", "--trainers", "memory-joint", "--dry-run"],
      place,
    );
    expect(code, stderr).toBe(0);
  });

  it("metrics reads another framework's CSV", async () => {
    const file = write("foreign.csv", "after,a,b\na,0.9,\nb,0.5,0.7\n");
    const { stdout } = await bench(["metrics", file, "--json"], directory);
    const { tasks, metrics } = JSON.parse(stdout);
    const value = (key: string) => metrics.find((metric: { key: string }) => metric.key === key);
    expect(tasks).toEqual(["a", "b"]);
    expect(value("op").value).toBeCloseTo(0.6, 12);
    expect(value("bwt").value).toBeCloseTo(-0.4, 12);
    expect(value("fwt")).toMatchObject({ value: null, reason: expect.any(String) });
  });

  it("doctor reports what the machine has", async () => {
    const { code, stdout } = await benchProcess(["doctor", "--json"], directory);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      versions: { node: process.version.slice(1) },
      machine: { cores: expect.any(Number), diskBytes: expect.any(Number) },
      devices: expect.arrayContaining([expect.objectContaining({ device: "cpu", available: true })]),
    });
  });

  it("list and show know everything that is there", async () => {
    const { stdout } = await bench(["list", "--json"], directory);
    const names = Object.fromEntries(
      Object.entries(JSON.parse(stdout) as Record<string, { name: string }[]>).map(([kind, entries]) => [
        kind,
        entries.map(({ name }) => name),
      ]),
    );
    expect(names.suites).toEqual(expect.arrayContaining(["trace-seq", "trace", "folder"]));
    expect(names.trainers).toEqual(
      expect.arrayContaining(["frozen", "icl", "sequential", "joint", "replay", "ewc", "lora"]),
    );
    expect(names.metrics).toContain("bwt");
    const replay = await bench(["show", "replay"], directory);
    expect(replay.stdout).toMatch(/needs +pastData/);
    expect(replay.stdout).toMatch(/source/);
    expect((await bench(["show", "protocol"], directory)).stdout).toContain("bench-learner@2");
  });
});
