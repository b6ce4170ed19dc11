import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { newDirectory } from "../../files.js";
import { bench, benchProcess, fixture, type Spoken, words } from "./support.js";

const directory = newDirectory();
const base = ["words", "--workers", "1"];
const two = [...base, "--trainers", "memory-frozen,memory-sequential", "--seeds", "2"];

/** The command line with the words suite built in. */
const builtIn = (given: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  bench(given, directory, environment, [words]);

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, code: { optimize: false } });
const validators = new Map<string, ValidateFunction>();

function conforms(schema: string, value: unknown): void {
  const file = join(packageRoot, "harness", "contract", "schemas", `${schema}.schema.json`);
  const validate = validators.get(schema) ?? ajv.compile(JSON.parse(readFileSync(file, "utf8")));
  validators.set(schema, validate);
  expect(validate(value), ajv.errorsText(validate.errors)).toBe(true);
}

const read = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

describe("run, from the command to the leaderboard", () => {
  let first: Spoken;
  let out: string;

  beforeAll(async () => {
    first = await builtIn(["run", ...two, "--json"]);
    out = join(directory, "runs", readdirSync(join(directory, "runs"))[0]!);
  });

  it("prints exactly one JSON object on standard output, progress on standard error", () => {
    expect(first.code, first.stderr).toBe(0);
    const result = JSON.parse(first.stdout);
    conforms("leaderboard", result);
    expect(result).toMatchObject({
      runDirectory: out,
      suite: { name: "words" },
      status: "done",
      report: join(out, "report", "index.html"),
      failures: [],
    });
    expect(result.leaderboard.map(({ trainer }: { trainer: string }) => trainer)).toEqual([
      "memory-sequential",
      "memory-frozen",
    ]);
    expect(Object.keys(result.leaderboard[0].metrics)).toEqual(
      expect.arrayContaining(["op", "bwt", "fwt", "forgetting", "learningAccuracy", "generalAbilityDelta"]),
    );
    expect(first.stderr).toContain("4 cells done");
  });

  it("leaves files that follow their published schemas", () => {
    conforms("run", read(out, "run.json"));
    const cells = readdirSync(join(out, "cells"));
    expect(cells).toHaveLength(4);
    for (const cell of cells) {
      conforms("matrix", read(out, "cells", cell, "matrix.json"));
      conforms("cost", read(out, "cells", cell, "cost.json"));
    }
    expect(existsSync(join(out, "report", "index.html"))).toBe(true);
  });

  it("finds the finished run again by the same command, and shows it in a terminal's table", async () => {
    const again = await builtIn(["run", ...two]);
    expect(again.code).toBe(0);
    expect(readdirSync(join(directory, "runs"))).toHaveLength(1);
    const table = again.stdout.replace(/words-[0-9a-f]{8}/g, "words-DIGEST").replace(/ \d+\.\ds$/gm, " TIME");
    expect(table).toMatchSnapshot();
  });

  it("names the run that could be extended, says what is there, and refuses to lose it", async () => {
    const more = ["run", ...base, "--trainers", "memory-frozen,memory-sequential", "--seeds", "3", "--dry-run"];
    const elsewhere = await builtIn(more);
    const place = relative(directory, out);
    expect(elsewhere.stdout.replace(/\s+/g, " ")).toContain(
      `${place} has 4 of these 6 cells finished: with --out ${place} they are not computed again`,
    );
    const there = await builtIn([...more, "--out", place]);
    expect(there.stdout).toMatch(/finished +4 of 6\n.*left +2; time and hours are of these/s);
    const plan = JSON.parse((await builtIn([...more, "--out", place, "--json"])).stdout);
    expect(plan.finished).toHaveLength(4);
    const fewer = await builtIn(["run", ...base, "--trainers", "memory-frozen", "--dry-run", "--out", place]);
    expect(fewer).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/trainers: memory-frozen, memory-sequential there/),
    });
    const registration = join(out, "claims-registration.json");
    writeFileSync(registration, "{}");
    expect(await builtIn([...more, "--out", place])).toMatchObject({ code: 2, stdout: "" });
    rmSync(registration);
  });

  it("fits a narrow terminal", async () => {
    const narrow = await builtIn(["run", ...two], { COLUMNS: "44" });
    const lines = narrow.stdout.split("\n").filter((line) => !line.startsWith("report ")); // a path stays whole
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(44);
    expect(narrow.stdout).toContain("BWT");
  });

  it("exports predictions and matrices", async () => {
    const { code, stdout } = await bench(["export", out, "--out", "tables"], directory);
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toEqual(
      ["cells", "metrics", "matrices", "training", "predictions"].flatMap((table) =>
        ["jsonl", "csv"].map((kind) => join(directory, "tables", `${table}.${kind}`)),
      ),
    );
    const lines = readFileSync(join(directory, "tables", "predictions.jsonl"), "utf8")
      .trim()
      .split("\n");
    const samples = readdirSync(join(out, "cells")).flatMap((cell) =>
      readFileSync(join(out, "cells", cell, "samples.jsonl"), "utf8")
        .trim()
        .split("\n"),
    );
    expect(lines).toHaveLength(samples.length);
    expect(JSON.parse(lines[0]!)).toMatchObject({ trainer: "memory-frozen", row: 0, input: expect.any(String) });
    const csv = readFileSync(join(directory, "tables", "matrices.csv"), "utf8")
      .trim()
      .split("\n");
    const jsonl = readFileSync(join(directory, "tables", "matrices.jsonl"), "utf8")
      .trim()
      .split("\n");
    expect(csv).toHaveLength(jsonl.length + 1);
  });

  it("measures within tasks where it is asked to, in a process of the trainer's own too, and exports the curves", async () => {
    const trainers = `memory-sequential,${fixture("majority.mjs")}`;
    const given = ["run", "words", "--quick", "--trainers", trainers, "--evaluate-every", "5", "--evaluate-items", "6"];
    const inPlace = ["--out", "within", "--workers", "1", "--json"];
    const { code, stdout, stderr } = await bench([...given, ...inPlace], directory, {}, [words]);
    expect(code, stderr).toBe(0);
    for (const { metrics } of JSON.parse(stdout).leaderboard) {
      expect(metrics.stabilityGap.mean).toBeGreaterThanOrEqual(0);
      expect(metrics.minAccWithin.mean).toBeLessThanOrEqual(1);
      expect(metrics.anytimeAccuracyWithin.mean).toBeGreaterThan(0);
    }
    for (const cell of readdirSync(join(directory, "within", "cells"))) {
      conforms("curves", read(directory, "within", "cells", cell, "curves.json"));
    }
    expect(readFileSync(join(directory, "within", "report", "index.html"), "utf8")).toContain("Scores within tasks");
    const exported = await bench(["export", "within"], directory);
    expect(exported.stdout).toMatch(/curves\.jsonl\n.*curves\.csv/);
    const [first] = readFileSync(join(directory, "within", "export", "curves.jsonl"), "utf8").split("\n");
    expect(JSON.parse(first!)).toMatchObject({ row: 1, learns: "colour", step: 0, set: "colour", n: 6 });
  });

  it("renders the report again, and validates the run", async () => {
    const report = await bench(["report", out, "--out", "page", "--json"], directory);
    expect(JSON.parse(report.stdout).files.length).toBeGreaterThan(0);
    expect(existsSync(join(directory, "page", "index.html"))).toBe(true);
    expect((await bench(["validate", out], directory)).stdout).toMatch(/cells done +4\n/);
  });

  it("computes the metrics of a matrix, and exits with 0 where some are missing", async () => {
    const cell = readdirSync(join(out, "cells"))[0]!;
    const { code, stdout } = await bench(["metrics", join(out, "cells", cell, "matrix.json"), "--json"], directory);
    expect(code).toBe(0);
    const { metrics } = JSON.parse(stdout);
    expect(metrics.find(({ key }: { key: string }) => key === "op").value).toBeGreaterThan(0);
    for (const metric of metrics) {
      expect(metric).toMatchObject({ id: expect.stringMatching(/@\d+$/), formula: expect.any(String) });
      if (metric.value === null) expect(metric.reason).toEqual(expect.any(String));
    }
  });

  it("shows the plan and runs nothing", async () => {
    const { code, stdout } = await builtIn([
      "run",
      ...base,
      "--trainers",
      "memory-joint",
      "--out",
      "never",
      "--dry-run",
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/tasks +colour → size → taste/);
    expect(stdout).toMatch(/time +\S+ to \S+ /);
    expect(stdout).toMatch(/disk +about \d+ MB/);
    expect(existsSync(join(directory, "never"))).toBe(false);
  });
});

it("is cancelled by Ctrl-C with 130, keeps what it has, and goes on from there", async () => {
  const config = join(directory, "slow.yaml");
  const trainers = "trainers: [{name: memory-sequential}]";
  writeFileSync(config, `suite: words\nplugins: [${words}]\n${trainers}\n`);
  const given = ["run", "--config", config, "--out", "slow", "--workers", "1"];
  const stopped = await benchProcess(given, directory, { BENCH_TEST_HOLD: "1" }, /colour 1\/3 measured/);
  expect(stopped).toMatchObject({ code: 130, signal: null });
  expect(stopped.stdout).toContain("Run the same command again");
  const finished = await benchProcess([...given, "--json"], directory);
  expect(finished.code, finished.stderr).toBe(0);
  expect(finished.stderr).not.toContain("base 0/3 measured");
  expect(finished.stderr).toContain("1 cell done");
  expect(JSON.parse(finished.stdout)).toMatchObject({
    status: "done",
    leaderboard: [{ trainer: "memory-sequential" }],
  });
});

describe("trainers from elsewhere", () => {
  it("runs a module by its path together with the built-in ones", async () => {
    const given = ["run", "words", "--trainers", `memory-frozen,${fixture("majority.mjs")}`, "--out", "majority"];
    const { code, stdout, stderr } = await builtIn([...given, "--json"]);
    expect(code, stderr).toBe(0);
    const { leaderboard } = JSON.parse(stdout);
    expect(leaderboard.map(({ trainer }: { trainer: string }) => trainer).toSorted()).toEqual([
      "majority",
      "memory-frozen",
    ]);
    expect(leaderboard.find(({ trainer }: { trainer: string }) => trainer === "majority")).toMatchObject({
      privileges: { pastData: { buffer: 3 } },
      cost: { bufferSamples: 3, flops: null, cpuSeconds: null }, // it computes in a process of its own
    });
    const own = leaderboard.find(({ trainer }: { trainer: string }) => trainer === "memory-frozen");
    expect(typeof own.cost.cpuSeconds).toBe(process.platform === "linux" ? "number" : "object");
    expect((await builtIn(given)).stdout).toMatch(/^(?:not )?isolated from test data: majority$/m); // as this machine can
  });

  it("ends with 1 when a plug-in fails, keeps the others, and tries again when asked", async () => {
    const config = join(directory, "rogue.yaml");
    const entry = (how: string) => `{name: rogue, label: ${how}, options: {method: learn, how: ${how}}}`;
    writeFileSync(
      config,
      `suite: words\nplugins: [${fixture("rogue.mjs")}]\ntrainers: [memory-frozen, ${entry("throw")}, ${entry("exit")}]\n`,
    );
    const given = ["run", "--config", config, "--out", "rogue", "--workers", "1"];
    const failed = await bench([...given, "--json"], directory, {}, [words]);
    expect(failed.code, failed.stderr).toBe(1);
    const { status, failures, leaderboard } = JSON.parse(failed.stdout);
    expect(status).toBe("failed");
    expect(failures).toMatchObject([
      { cell: { trainer: "throw" }, error: { code: "PLUGIN_FAILED" } },
      { cell: { trainer: "exit" }, error: { code: "PLUGIN_FAILED" } },
    ]);
    expect(
      leaderboard.find(({ trainer }: { trainer: string }) => trainer === "memory-frozen").metrics.op.mean,
    ).toBeGreaterThan(0);
    expect(failed.stderr).toContain("cannot read the moon");
    expect(failed.stderr).toContain("out of patience");
    const stored = await bench(given, directory, {}, [words]);
    expect(stored.code).toBe(1);
    expect(stored.stdout).toContain("--retry-failed");
  });
});
