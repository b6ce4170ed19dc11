import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { wordsModel } from "../cli/support.js";
import { Workspace } from "./workspace.js";

const workspace = new Workspace();
const file = (name: string) => join(workspace.directory, name);
const gate = (...given: string[]) => workspace.bench("gate", ...given);
const schema = JSON.parse(
  readFileSync(join(packageRoot, "harness", "contract", "schemas", "gate.schema.json"), "utf8"),
);
const isGate = new Ajv({ allowUnionTypes: true }).compile(schema);

/** A checkpoint of the fixture's model that has forgotten so many of its twelve nouns. */
function checkpoint(name: string, forgotten: number): void {
  cpSync(wordsModel, file(name), { recursive: true });
  const weights: [string, [string, number][]][] = JSON.parse(readFileSync(join(file(name), "weights.json"), "utf8"));
  const changed = weights.map(([noun, labels], index) => [noun, index < forgotten ? [["none", 9]] : labels]);
  writeFileSync(join(file(name), "weights.json"), JSON.stringify(changed));
}

beforeAll(async () => {
  for (const [name, forgotten] of [
    ["a", 0],
    ["b", 10],
  ] as const) {
    checkpoint(name, forgotten);
    const given = ["--trainer", "memory-frozen", "--quick", "--out", `runs/${name}`];
    const spoken = await workspace.bench("evaluate", name, "words", ...given);
    if (spoken.code !== 0) throw new Error(spoken.stderr);
  }
});

test("a checkpoint that forgot what a probe asks fails, in every output, with the answers that flipped", async () => {
  const outputs = ["--markdown", "gate.md", "--junit", "gate.xml", "--sarif", "gate.sarif"];
  const { code, stdout } = await gate(
    "runs/b",
    "--against",
    "runs/a",
    "--margin",
    "probe:weight=0.02",
    ...outputs,
    "--json",
  );
  const result = JSON.parse(stdout);
  expect(isGate(result), JSON.stringify(isGate.errors)).toBe(true);
  expect(code).toBe(1);
  expect(result).toMatchObject({ verdict: "fail", pairedBy: "item", alpha: 0.05, baseline: { name: "runs/a" } });
  const [row] = result.metrics;
  expect(row.items).toMatchObject({ count: 12, gained: 0, test: "exact McNemar" });
  expect(row.mean).toBeCloseTo(-row.items.lost / 12, 12);
  expect(row.high).toBeLessThan(-0.02);
  expect(result.flips.lost.filter(({ set }: { set: string }) => set === "probe:weight")).toHaveLength(row.items.lost);
  expect(result.flips.lost[0].candidate).toEqual({ output: "none", score: 0 });
  const points = `−${((100 * row.items.lost) / 12).toFixed(1)}`;
  const text = (name: string) => readFileSync(file(name), "utf8");
  expect(text("gate.md")).toMatch(
    new RegExp(`^\\| \`probe:weight\` \\| ${points} \\|.*\\| 12 \\(\\+0 −${row.items.lost}\\) \\| ❌ FAIL`, "m"),
  );
  expect(text("gate.md")).toContain('→ "none"');
  expect(text("gate.xml")).toContain(`difference ${points} points`);
  expect(JSON.parse(text("gate.sarif")).runs[0].results[0].message.text).toContain(`difference ${points} points`);
  const terminal = await gate("runs/b", "--against", "runs/a", "--margin", "probe:weight=0.02");
  expect(terminal.stdout).toMatch(
    new RegExp(`^probe:weight +${points} .* 12 \\(\\+0 −${row.items.lost}\\) +FAIL$`, "m"),
  );
  expect(terminal.stdout).toMatch(/^\d+ answers became wrong$/m);
});

test("a fall that no margin covers is named", async () => {
  const { stdout } = await gate("runs/b", "--against", "runs/a", "--margin", "safety=1", "--json");
  const { verdict, notes } = JSON.parse(stdout);
  expect(verdict).toBe("pass");
  expect(notes.join("\n")).toMatch(/which has no margin, fell by \d+\.\d points/);
});

test("a blessed evaluation is compared item by item; the evaluation itself passes by a margin of nothing", async () => {
  expect((await gate("bless", "runs/a", "--reason", "first")).code).toBe(0);
  const own = await gate("runs/a", "--margin", "op=0", "--margin", "general=0", "--json");
  expect(JSON.parse(own.stdout)).toMatchObject({
    verdict: "pass",
    metrics: [{ mean: 0, low: 0, high: 0 }, { mean: 0 }],
  });
  const worse = await gate("runs/b", "--margin", "general=0.02", "--json");
  expect(JSON.parse(worse.stdout)).toMatchObject({ verdict: "fail", baseline: { name: "main", version: 1 } });
});

test("several evaluations of one model are one, whatever the orders", async () => {
  const config = { suite: "words", trainers: ["memory-frozen"], model: file("b"), quick: true };
  workspace.write("orders.yaml", { ...config, orders: 3, out: "runs/orders" });
  const spoken = await workspace.bench("run", "--config", "orders.yaml");
  expect(spoken.code, spoken.stderr).toBe(0);
  const [once, thrice] = await Promise.all(
    ["runs/b", "runs/orders"].map(async (run) => {
      const { stdout } = await gate(run, "--against", "runs/a", "--margin", "probe:weight=0.02", "--json");
      return JSON.parse(stdout);
    }),
  );
  expect(thrice.metrics).toEqual(once.metrics);
});

test("bench compare compares them by items too, tasks and probes, with one adjustment over all", async () => {
  const { stdout } = await workspace.bench("compare", "runs/a", "runs/b", "--json");
  const [comparison] = JSON.parse(stdout).comparisons;
  expect(comparison.pairedBy).toBe("item");
  expect(comparison.metrics.map(({ key }: { key: string }) => key)).toEqual(["op", "general", "safety"]);
  const weight = comparison.tasks.find(({ key }: { key: string }) => key === "probe:weight");
  expect(weight).toMatchObject({ verdict: "worse", items: { count: 12, gained: 0 } });
  expect(weight.interval.high).toBeLessThan(0);
  const { stdout: text } = await workspace.bench("compare", "runs/a", "runs/b", "--metrics", "general");
  expect(text).toContain("by the items that both answered");
  expect(text).toMatch(/^general +−/m);
  expect((await workspace.bench("compare", "runs/a", "runs/b", "--metrics", "bwt")).code).toBe(2);
});

test("a plan says beforehand what the items can tell", async () => {
  const { code, stdout } = await gate("runs/a", "--plan", "--margin", "probe:weight=0.02", "--json");
  expect(code).toBe(0);
  const plan = JSON.parse(stdout);
  expect(plan).toMatchObject({ alpha: 0.05, flips: 0.1, metrics: [{ key: "probe:weight", items: 12, margin: 0.02 }] });
  expect(plan.metrics[0].leastMargin).toBeCloseTo(1.6448536 ** 2 / (12 + 1.6448536 ** 2), 6);
  expect((await gate("runs/a", "--plan", "--margin", "probe:weight=0.02")).stdout).toContain("nothing was compared");
});

test.each([
  [["runs/b", "--against", "runs/a", "--margin", "bwt=0.02"], "bwt is a change by learning"],
  [["runs/b", "--against", "runs/a", "--margin", "generalAbilityDelta=0.02"], "the absolute score: general."],
  [["runs/b", "--against", "runs/a", "--margin", "probe:wait=0.02"], 'Did you mean "probe:weight"?'],
  [["runs/b", "--against", "runs/a"], "no margin is declared"],
  [["runs/b", "--against", "nowhere", "--margin", "op=0.02"], "contains no run"],
])("%j ends with 2: %s", async (given, message) => {
  const { code, stderr } = await gate(...given);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
