import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../../harness/contract/files.js";
import type { TuneRecord } from "../../../harness/tune/record.js";
import { newDirectory } from "../../files.js";
import { bench, benchProcess, fixture, type Spoken, words } from "../cli/support.js";

const directory = newDirectory();
const tune = (...given: string[]): Promise<Spoken> =>
  bench(["tune", ...given, "--workers", "1"], directory, {}, [words]);
const lines = (file: string): string[] => readFileSync(join(directory, file), "utf8").trim().split("\n");
const write = (file: string, content: unknown): void => writeFileSync(join(directory, file), JSON.stringify(content));

test("no test item is ever asked or seen, nor anything of later tasks", async () => {
  const file = join(directory, "witnessed.jsonl");
  write("witness.yaml", {
    trainers: [{ name: "memory-witness", options: { file, taskIdAtTest: true } }],
  });
  write("epochs.yaml", { epochs: { values: [1, 2] } });
  const { code, stderr } = await tune(
    ...["memory-witness", "words", "--config", "witness.yaml", "--space", "epochs.yaml"],
    ...["--candidates", "2", "--seeds", "1", "--tasks", "2", "--out", "witnessed", "--order", "published"],
  );
  expect(code, stderr).toBe(0);
  const calls = lines("witnessed.jsonl").map((line) => JSON.parse(line));
  const told = JSON.stringify(calls);
  expect(told).not.toMatch(/-test-|-shifted-|-probe-/);
  expect(told).not.toContain("taste"); // the third task
  expect(told).toContain("colour-train-0");
  const asked = calls.filter(({ call }) => call === "generate").flatMap(({ handed }) => handed.requests);
  const seen = calls.filter(({ call }) => call === "learn").flatMap(({ handed }) => handed.view);
  const textOf = ({ input }: { input: { text: string }[] }) => input[0]!.text;
  // The suite's validation data speaks of its first six nouns only, its tests of all twelve.
  const nouns = ["apple", "brick", "cloud", "drum", "eagle", "flute"];
  expect(asked.length).toBeGreaterThan(12);
  for (const question of asked) expect(nouns).toContain(textOf(question).split(" ")[1]);
  const validation = seen.flatMap((view) => [...view.tasks, ...view.pastValidation].flatMap((data) => data.validation));
  const scored = new Set(lines("witnessed/rung-1/examples.jsonl").map((line) => JSON.parse(line).id));
  expect(scored.size).toBe(6);
  expect(validation.length).toBeGreaterThan(0);
  for (const { id } of validation) {
    expect(id).toMatch(/-validation-/);
    expect(scored).not.toContain(id);
  }
});

test("searches the declared space, writes a record and a configuration that runs, and finds it again", async () => {
  const given = [
    "memory-sequential",
    "words",
    "--candidates",
    "4",
    "--tasks",
    "2",
    "--out",
    "found",
    "--chat",
    "never",
  ];
  const first = await tune(...given, "--json");
  expect(first.code, first.stderr).toBe(0);
  const record = JSON.parse(readFileSync(join(directory, "found/tune.json"), "utf8")) as TuneRecord;
  const schema = join(packageRoot, "harness/contract/schemas/tune.schema.json");
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(schema, "utf8")));
  expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
  expect(JSON.parse(first.stdout)).toEqual({ ...record, config: join(directory, "found/tuned.yaml") });
  expect(record.search.seeds).toEqual([11, 12]);
  expect(record.suite.tasks).toEqual(["colour", "size"]);
  const [best] = record.rungs[0]!.results;
  expect(record.chosen).toMatchObject({ label: best!.label, values: best!.values });
  expect(record.rungs[0]!.results.map(({ label }) => label).toSorted()).toEqual(["c00", "c01", "c02", "c03"]);

  const again = await tune(...given);
  expect(again.code, again.stderr).toBe(0);
  expect(JSON.parse(readFileSync(join(directory, "found/tune.json"), "utf8"))).toEqual(record); // date and command too
  expect(again.stderr).not.toContain("measured"); // nothing is computed twice
  expect(again.stdout).toContain(`chosen  ${best!.label}`);

  const config = readFileSync(join(directory, "found/tuned.yaml"), "utf8");
  for (const { label } of record.rungs[0]!.results) expect(config).toMatch(new RegExp(`^# +${label} `, "m"));
  expect(config).toContain(`# chosen     ${best!.label}`);
  expect(parse(config).chat).toBe("never");
  expect(parse(config).trainers).toEqual([
    { name: "memory-sequential", label: "memory-sequential-tuned", options: best!.values },
  ]);
  const run = await bench(["run", "--config", "found/tuned.yaml", "--out", "run", "--json"], directory, {}, [words]);
  expect(run.code, run.stderr).toBe(0);
  expect(JSON.parse(run.stdout).leaderboard[0]).toMatchObject({ trainer: "memory-sequential-tuned" });
});

test("successive halving: the best of a few tasks go on to more, the default among them; the table fits a narrow terminal", async () => {
  const given = [
    "memory-sequential",
    "words",
    "--search",
    "halving",
    "--candidates",
    "4",
    "--seeds",
    "1",
    "--out",
    "rungs",
  ];
  const { code, stdout, stderr } = await bench(["tune", ...given], directory, { COLUMNS: "46" }, [words]);
  expect(code, stderr).toBe(0);
  const table = stdout.split("\n").filter((line) => !line.includes("tuned.yaml")); // paths stay whole
  expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(46);
  const { rungs, chosen } = JSON.parse(readFileSync(join(directory, "rungs/tune.json"), "utf8")) as TuneRecord;
  expect(rungs.map(({ tasks, results }) => [tasks, results.length])).toEqual([
    [2, 4],
    [3, rungs[0]!.results.slice(0, 2).some(({ label }) => label === "c00") ? 2 : 3],
  ]);
  const kept = rungs[1]!.results.map(({ label }) => label);
  for (const { label } of rungs[0]!.results.slice(0, 2)) expect(kept).toContain(label);
  expect(kept).toContain("c00");
  expect(kept).toContain(chosen.label);
  expect(existsSync(join(directory, "rungs/rung-2/run.json"))).toBe(true);
});

test("equal scores keep the default", async () => {
  write("pause.yaml", { pause: { values: [0, 1, 2] } }); // changes nothing but the time
  const given = [
    "memory-sequential",
    "words",
    "--space",
    "pause.yaml",
    "--seeds",
    "1",
    "--tasks",
    "2",
    "--out",
    "ties",
  ];
  const { code, stdout, stderr } = await tune(...given, "--candidates", "9", "--json");
  expect(code, stderr).toBe(0);
  const { rungs, chosen } = JSON.parse(stdout) as TuneRecord;
  expect(new Set(rungs[0]!.results.map(({ score }) => score)).size).toBe(1);
  expect(rungs[0]!.results.map(({ values }) => values.pause)).toEqual([0, 1, 2]); // nearer to the default first
  expect(chosen).toMatchObject({ label: "c00", isDefault: true });
});

test("a candidate that fails is out, with its reason", async () => {
  write("rehearse.yaml", { rehearse: { values: [0.5, 3] } });
  const given = [
    "memory-replay",
    "words",
    "--space",
    "rehearse.yaml",
    "--seeds",
    "1",
    "--tasks",
    "3",
    "--out",
    "failing",
  ];
  const { code, stdout, stderr } = await tune(...given, "--candidates", "2");
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/c01 .*72 past samples were stored, 60 declared/);
  expect(stdout).toContain("chosen  c00");
});

test("an interrupted search goes on where it stopped", async () => {
  write("slow.yaml", { plugins: [words], trainers: [{ name: "memory-sequential" }] });
  const given = [
    "tune",
    "memory-sequential",
    "words",
    "--config",
    "slow.yaml",
    "--candidates",
    "2",
    "--seeds",
    "1",
    "--quick",
  ];
  const placed = [...given, "--workers", "1", "--out", "slow"];
  const stopped = await benchProcess(placed, directory, { BENCH_TEST_HOLD: "1" }, /colour 1\/3 measured/);
  expect(stopped).toMatchObject({ code: 130, stderr: expect.stringContaining("goes on where it stopped") });
  expect(existsSync(join(directory, "slow/tuned.yaml"))).toBe(false);
  const finished = await bench(placed, directory);
  expect(finished.code, finished.stderr).toBe(0);
  expect(finished.stderr.match(/base 0\/3 measured/g)).toHaveLength(1); // of the other candidate
});

test("invalid input is reported before anything runs", async () => {
  write("wrong.yaml", { epoch: { values: [1] } });
  write("shape.yaml", { epochs: { low: 1, hihg: 4, scale: "log" } });
  const wrong = async (...given: string[]) => {
    const { code, stdout, stderr } = await tune(...given);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    return stderr;
  };
  const replay = ["memory-replay", "words"];
  expect(await wrong(...replay, "--space", "wrong.yaml")).toMatch(/"epoch"[\s\S]*wrong.yaml:1:2[\s\S]*"epochs"/);
  expect(await wrong(...replay, "--space", "shape.yaml")).toMatch(/"hihg"[\s\S]*"high"|lacks "high"/);
  expect(await wrong(...replay, "--objective", "opp")).toContain('Did you mean "op"?');
  expect(await wrong(...replay, "--objective", "generalAbilityDelta")).toContain("there is no objective");
  expect(await wrong(...replay, "--order", "publishd")).toContain('Did you mean "published"?');
  expect(await wrong(...replay, "--tasks", "9")).toContain("has 3 tasks, not 9");
  expect(await wrong("memory-witness", "words")).toContain("declares no search space");
});

test("shows the plan and runs nothing", async () => {
  const { code, stdout } = await tune("memory-replay", "words", "--search", "halving", "--dry-run", "--out", "never");
  expect(code).toBe(0);
  expect(stdout).toMatch(/rung 1 +8 candidates × seeds 11, 12, tasks colour → size\n/);
  expect(stdout).toMatch(/rung 2 +4 candidates × seeds 11, 12, tasks colour → size → taste\n/);
  expect(stdout).toMatch(/time +0s to /);
  expect(existsSync(join(directory, "never"))).toBe(false);
});

test("--all searches every trainer with a space in an order apart, and writes one configuration with both rows", async () => {
  const given = ["--all", "words", "--only", "memory-sequential,sequential"];
  const budget = ["--candidates", "3", "--seeds", "1", "--tasks", "2", "--out", "every"];
  const { code, stdout, stderr } = await tune(...given, ...budget, "--json");
  expect(code).toBe(1);
  expect(stderr).toContain("memory-sequential, 2 of 2 trainers");
  const { found, failed, config } = JSON.parse(stdout);
  expect(failed).toEqual([{ trainer: "sequential", reason: expect.stringContaining("model") }]);
  const [{ trainer, record }] = found as { trainer: string; record: TuneRecord }[];
  expect([trainer, record!.suite.order]).toEqual(["memory-sequential", "shuffle-5"]); // the last of six orders, of which one is published
  expect(JSON.parse(readFileSync(join(directory, "every/memory-sequential/tune.json"), "utf8"))).toEqual(record);
  const { suite, trainers } = parse(readFileSync(config, "utf8"));
  expect(suite.name).toBe("words");
  const tuned = { name: "memory-sequential", label: "memory-sequential-tuned", options: record!.chosen.values };
  const plain = { name: "memory-sequential", label: "memory-sequential" };
  expect(trainers).toEqual(record!.chosen.isDefault ? [plain] : [plain, tuned]);
  const text = await tune(...given, ...budget);
  expect(text.stderr).not.toContain("measured"); // nothing is computed twice
  expect(text.stdout).toContain("memory-sequential");
});

test("--all keeps what earlier commands found for the same configuration, and refuses one of other settings", async () => {
  const into = ["--candidates", "2", "--seeds", "1", "--tasks", "2", "--out", "parts"];
  const config = join(directory, "parts/tuned.yaml");
  const names = () => new Set(parse(readFileSync(config, "utf8")).trainers.map(({ name }: { name: string }) => name));
  await tune("--all", "words", "--only", "memory-sequential", "--plugin", fixture("majority.mjs"), ...into);
  const { stdout } = await tune("--all", "words", "--only", "memory-replay", ...into);
  expect(stdout).toMatch(/kept +memory-sequential, as earlier commands found them/);
  expect(names()).toEqual(new Set(["memory-replay", "memory-sequential"]));
  const before = readFileSync(config, "utf8");
  expect(before).toContain("# memory-sequential: as an earlier command found it");
  expect(parse(before).plugins).toEqual([fixture("majority.mjs")]);
  const other = await tune("--all", "words", "--only", "memory-replay", "--quick", ...into);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("tuned with another quick") });
  expect(other.stderr).not.toContain("1 of 1 trainers"); // refused before any search is said to begin
  expect(readFileSync(config, "utf8")).toBe(before);
});

test("--all --dry-run shows what every search will take, and their sum, and writes nothing", async () => {
  const given = ["--all", "words", "--only", "memory-sequential,memory-replay", "--candidates", "3", "--seeds", "2"];
  const { code, stdout, stderr } = await tune(...given, "--search", "halving", "--dry-run", "--out", "nowhere");
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/memory-sequential +10 +0s to /);
  expect(stdout).toMatch(/memory-replay +10 +0s to /);
  expect(stdout).toMatch(/all +20 +0s to /);
  expect(stdout).toMatch(/first 3\s+tasks of shuffle-5/);
  expect(stdout).toMatch(/rung 1 +3 candidates × seeds 11, 12, tasks \w+ → \w+\n/);
  expect(stdout).toMatch(/rung 2 +2 candidates × seeds 11, 12, tasks \w+ → \w+ → \w+\n/);
  expect(stdout).not.toContain("c01");
  expect(existsSync(join(directory, "nowhere"))).toBe(false);
});

test("--all --dry-run --json has what cannot be searched, too", async () => {
  const { code, stdout, stderr } = await tune(
    "--all",
    "words",
    "--only",
    "memory-sequential,sequential",
    "--dry-run",
    "--json",
  );
  expect(code, stderr).toBe(0);
  const { planned, failed } = JSON.parse(stdout);
  expect(planned).toMatchObject([{ trainer: "memory-sequential" }]);
  expect(failed).toEqual([{ trainer: "sequential", reason: expect.stringContaining("model") }]);
});

test.each([
  [["--all", "words", "--only", "memory-sequentail"], 'no trainer "memory-sequentail" declares a search space'],
  [["--all", "memory-sequential", "words"], "--all takes a suite alone"],
  [[], "no trainer is named"],
  [["memory-sequential", "words", "--order", "shuffle-0"], 'no order "shuffle-0"'],
])("%j is refused before anything runs", async (given, message) => {
  const { code, stderr } = await tune(...given);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
