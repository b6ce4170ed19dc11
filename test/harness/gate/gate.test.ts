import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { acknowledge, activeAcknowledgement, readAcknowledgements } from "../../../harness/gate/acknowledge.js";
import { newDirectory } from "../../files.js";
import type { Spoken } from "../cli/support.js";
import { Workspace } from "./workspace.js";

const workspace = new Workspace();
const file = (name: string) => join(workspace.directory, name);
const text = (name: string) => readFileSync(file(name), "utf8");
const gate = (...given: string[]) => workspace.bench("gate", ...given);
const follows = (schema: string) => {
  const path = join(packageRoot, "harness", "contract", "schemas", `${schema}.schema.json`);
  return new Ajv({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, "utf8")));
};
const isGate = follows("gate");
const judged = async (...given: string[]) => judgmentOf(await gate(...given, "--json"));
const judgmentOf = ({ code, stdout, stderr }: Spoken) => {
  expect(stderr.includes("bench:"), stderr).toBe(false);
  const result = JSON.parse(stdout);
  expect(isGate(result), JSON.stringify(isGate.errors)).toBe(true);
  return { code, ...result };
};

beforeAll(async () => {
  await workspace.run("main");
  await workspace.run("fresh", { seeds: [3, 4] });
  await workspace.run("worse", { options: { epochs: 0 } });
  await workspace.run("short", { orders: 2, seeds: [3] });
  await workspace.run("other", { tasks: 2, orders: 1, seeds: [1] });
  writeFileSync(
    file("gate.yaml"),
    ["suite: words", "gate:", "  directory: blessed", "  margins:", "    op: 0.12", "    task:size: 0.3", ""].join(
      "\n",
    ),
  );
  const blessed = await gate("bless", "main", "--config", "gate.yaml", "--by", "Ada", "--reason", "first");
  if (blessed.code !== 0) throw new Error(blessed.stderr);
});

describe("bench gate", () => {
  test("passes the same candidate exactly, by a margin of nothing", async () => {
    const result = await judged("main", "--baselines", "blessed", "--margin", "op=0", "--margin", "bwt=0");
    expect(result).toMatchObject({ code: 0, verdict: "pass", pairedBy: "order and seed" });
    for (const row of result.metrics) expect(row).toMatchObject({ mean: 0, low: 0, high: 0, orders: 4 });
  });

  test("passes the same method with new seeds by a margin that noise does not reach", async () => {
    expect(await judged("fresh", "--config", "gate.yaml")).toMatchObject({
      code: 0,
      verdict: "pass",
      pairedBy: "order",
    });
  });

  test("fails a planted regression, in every output", async () => {
    const outputs = ["--markdown", "gate.md", "--junit", "gate.xml", "--sarif", "gate.sarif"];
    const result = await judged("worse", "--config", "gate.yaml", ...outputs);
    expect(result).toMatchObject({ code: 1, verdict: "fail" });
    expect(text("gate.md")).toMatch(/^## ❌ FAIL: method against baseline main@1$/m);
    expect(text("gate.md")).toMatch(/^\| `op` \| −\d+\.\d \|.*❌ FAIL/m);
    expect(text("gate.xml")).toMatch(/<testsuite name="[^"]*" tests="2" failures="\d" errors="\d">/);
    expect(text("gate.xml")).toMatch(/<failure type="fail" message="difference −\d+\.\d points/);
    const [op] = JSON.parse(text("gate.sarif")).runs[0].results;
    expect(op).toMatchObject({
      ruleId: "gate/op",
      level: "error",
      locations: [{ physicalLocation: { artifactLocation: { uri: "gate.yaml" }, region: { startLine: 5 } } }],
    });
  });

  test("takes margins of probes and of kinds of probes for a trainer that learned: their absolute final scores", async () => {
    const margins = ["--margin", "probe:weight=0.3", "--margin", "general=0.3", "--margin", "task:size=0.3"];
    const result = await judged("fresh", "--baselines", "blessed", ...margins);
    expect(result.metrics.map(({ key }: { key: string }) => key)).toEqual(["probe:weight", "general", "task:size"]);
    const [probe, kind] = result.metrics;
    expect(probe).toMatchObject({ title: "weight, final score", orders: 4 });
    expect({ ...probe, key: "", title: "" }).toEqual({ ...kind, key: "", title: "" }); // the suite's only general probe
    const unknown = await gate("fresh", "--baselines", "blessed", "--margin", "probe:wait=0.3");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "probe:weight"?') });
  });

  test("is inconclusive below three orders, and exits with 3 by default", async () => {
    const result = await judged("short", "--config", "gate.yaml");
    expect(result).toMatchObject({ code: 3, verdict: "inconclusive" });
    expect(result.metrics[0]).toMatchObject({ furtherOrders: 1, orders: 2 });
    expect((await gate("short", "--config", "gate.yaml", "--allow-inconclusive")).code).toBe(0);
  });

  test("prints a table for people", async () => {
    const { stdout } = await workspace.process("gate", "worse", "--config", "gate.yaml");
    expect(stdout).toMatch(/^FAIL {2}method against baseline main@1 on words 1$/m);
    expect(stdout).toMatch(/^op +−\d.* −12\.0 +4 +FAIL$/m);
  });

  test("spends the error over looks, whether by --extend or by running again, and rereading spends nothing", async () => {
    const bless = await gate("bless", "main", "--baselines", "looked", "--reason", "looks");
    expect(bless.code, bless.stderr).toBe(0);
    await workspace.run("extended", { orders: 3, seeds: [3], foreign: true });
    const given = ["extended", "--baselines", "looked", "--margin", "op=0.0001", "--max-orders", "4"];
    const first = { alpha: expect.closeTo(0.0375, 12), look: { number: 1, orders: 3, mostOrders: 4, spent: 0 } };
    expect(await judged(...given)).toMatchObject({ ...first, metrics: [{ orders: 3, verdict: "inconclusive" }] });
    expect(await judged(...given)).toMatchObject({ ...first, look: { ...first.look, seen: true } });
    // the run names a plug-in, which would be executed: that needs consent
    const extend = (...further: string[]) => workspace.plain("gate", ...given, "--extend", ...further);
    const asked = await extend();
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringMatching(/words\.mjs[\s\S]*USAGE/) });
    const [, digest] = /--trust-plugins ([0-9a-f]{12})/.exec(asked.stderr)!;
    expect(await extend("--trust-plugins", "0".repeat(12))).toMatchObject({ code: 2 });
    const result = judgmentOf(await extend("--trust-plugins", digest!, "--json"));
    const second = { alpha: expect.closeTo(0.0125, 12), look: { number: 2, orders: 4 } };
    expect(result).toMatchObject({ ...second, metrics: [{ orders: 4 }] });
    expect(await judged(...given)).toMatchObject({ ...second, metrics: result.metrics });
    expect((await gate(...given, "--extend")).stdout).toContain("not extended: the run has 4 orders, the cap is 4");

    const looks = text("looked/main/looks.jsonl").trimEnd().split("\n");
    expect(looks.map((line) => JSON.parse(line))).toMatchObject([
      { orders: 3, version: 1, verdict: "inconclusive", margins: { op: 0.0001 } },
      { orders: 4, version: 1 },
    ]);
    await workspace.run("rerolled", { orders: 3, seeds: [5], foreign: true });
    const again = await judged("rerolled", ...given.slice(1));
    expect(again).toMatchObject({
      alpha: 0,
      verdict: "inconclusive",
      look: { number: 3, spent: expect.closeTo(0.05, 12) },
    });
    expect(again.metrics[0]).toMatchObject({ reason: "earlier looks have spent the error of 5%", low: null });
  });

  test("a margin that is changed after a look is said", async () => {
    const { notes } = await judged("extended", "--baselines", "looked", "--margin", "op=0.5");
    expect(notes).toEqual([expect.stringMatching(/^margins changed after the look of \d{4}-\d\d-\d\d: op$/)]);
  });

  test("judges by betting where a worst fall is declared, in every output", async () => {
    const bless = await gate("bless", "main", "--baselines", "bets", "--reason", "bets");
    expect(bless.code, bless.stderr).toBe(0);
    const at = ["--baselines", "bets", "--margin", "op=0.3", "--markdown", "bet.md"];
    const result = await judged("fresh", ...at, "--worst-fall", "op=0.5");
    const evidence = result.metrics[0].evidence;
    expect(result).toMatchObject({ metrics: [{ worstFall: 0.5, verdict: evidence >= 20 ? "pass" : "inconclusive" }] });
    expect(evidence).toBeGreaterThan(1);
    const deep = await judged("worse", "--baselines", "bets", "--margin", "op=0.01", "--worst-fall", "op=0.02");
    expect(deep.metrics[0]).toMatchObject({ verdict: "fail", reason: expect.stringContaining("fell deeper") });
  });

  test.each([
    [["main", "--baselines", "blessed"], "no margin is declared"],
    [["main", "--baselines", "blessed", "--margin", "opp=0.1"], 'Did you mean "op"?'],
    [["main", "--baselines", "blessed", "--margin", "op=-1"], "number of at least 0"],
    [["main", "--baselines", "nowhere", "--margin", "op=0.1"], "bench gate bless"],
    [["main", "--config", "gate.yaml", "--baseline", "main@7"], "no version 7"],
    [["other", "--config", "gate.yaml"], "BASELINE_MISMATCH"],
    [["worse:metod", "--config", "gate.yaml"], 'Did you mean "method"?'],
    [["short", "--config", "gate.yaml", "--extend"], "--extend needs a cap"],
    [["main", "--config", "gate.yaml", "--worst-fall", "op=0.1"], "not beyond its margin"],
    [["main", "--config", "gate.yaml", "--worst-fall", "bwt=0.1"], "has no margin"],
  ])("%j ends with 2: %s", async (given, message) => {
    const { code, stderr } = await gate(...given);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("baselines", () => {
  test("each blessing is a new version that follows the published schema; the old one stays", async () => {
    const first = text("blessed/main/1.json");
    const { stdout } = await gate("bless", "fresh", "--config", "gate.yaml", "--reason", "second", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ name: "main", version: 2, cells: 8 });
    expect(text("blessed/main/1.json")).toBe(first);
    const validate = follows("baseline");
    expect(validate(JSON.parse(text("blessed/main/2.json"))), JSON.stringify(validate.errors)).toBe(true);
    expect(JSON.parse(first)).toMatchObject({ by: "Ada", reason: "first", suite: { name: "words" } });
    const result = await judged("main", "--config", "gate.yaml", "--baseline", "main@1");
    expect(result.baseline).toMatchObject({ version: 1, by: "Ada" });
  });

  test("a damaged one is refused with its file", async () => {
    workspace.write("blessed/main/3.json", { schema: "baseline@1" });
    const { code, stderr } = await gate("main", "--config", "gate.yaml");
    expect(code).toBe(2);
    expect(stderr).toContain("blessed/main/3.json");
    expect((await gate("main", "--config", "gate.yaml", "--baseline", "main@1")).code).toBe(0);
  });
});

describe("acknowledged regressions", () => {
  test("pass by the accepted margin, with who, why and until when", async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const at = ["--config", "gate.yaml", "--baseline", "main@1"];
    for (const metric of ["op", "task:size"]) {
      const accepted = ["--margin", "1", "--by", "Ada", "--reason", "faster", "--until", until];
      expect((await gate("acknowledge", metric, ...at, ...accepted)).code).toBe(0);
    }
    const result = await judged("worse", ...at);
    expect(result).toMatchObject({ code: 0, verdict: "pass" });
    expect(result.metrics[0].acknowledged).toMatchObject({ by: "Ada", reason: "faster", until, margin: 1 });
    expect((await gate("worse", ...at)).stdout.replace(/\s+/g, " ")).toContain("acknowledged by Ada until");
  });

  test("hold until their last day and not beyond; the record keeps them all", () => {
    const directory = newDirectory();
    const at = { by: "Ada", reason: "why", acknowledgedAt: "2026-01-01T00:00:00Z" };
    acknowledge(directory, "main", { metric: "op", margin: 0.1, until: "2026-01-31", ...at });
    acknowledge(directory, "main", { metric: "op", margin: 0.2, until: "2026-01-10", ...at });
    const all = readAcknowledgements(directory, "main");
    expect(all).toHaveLength(2);
    expect(activeAcknowledgement(all, "op", "2026-01-10")?.margin).toBe(0.2);
    expect(activeAcknowledgement(all, "op", "2026-01-31")?.margin).toBe(0.1);
    expect(activeAcknowledgement(all, "op", "2026-02-01")).toBeUndefined();
    expect(activeAcknowledgement(all, "bwt", "2026-01-10")).toBeUndefined();
    const over = () => acknowledge(directory, "main", { metric: "op", margin: 0.1, until: "2025-12-31", ...at });
    expect(over).toThrow("is over");
    const never = () => acknowledge(directory, "main", { metric: "op", margin: 0.1, until: "2026-02-30", ...at });
    expect(never).toThrow("is no day");
  });
});
