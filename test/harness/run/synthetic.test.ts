import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../../../harness/contract/digest.js";
import { packageRoot } from "../../../harness/contract/files.js";
import type { SyntheticRecord } from "../../../harness/contract/result.js";
import type { Suite } from "../../../harness/contract/suite.js";
import { checkLearnReport } from "../../../harness/run/cell/learn-report.js";
import { diversity, novelty } from "../../../harness/run/cell/sample-quality.js";
import { judgeSynthetic, measureSynthetic, syntheticLines } from "../../../harness/run/cell/synthetic.js";
import { layout } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";

const real = ["the sun is red", "a moon", "对足球的态度"];
const tasks = [
  { id: "t", train: real.map((text, id) => ({ id: `${id}`, input: [{ type: "text", text }], references: ["x"] })) },
] as unknown as Suite["tasks"];
const set = {
  taskId: "t",
  drawn: 7,
  parsed: 5,
  kept: 3,
  dropped: { malformed: 2, duplicate: 2 },
  items: [
    { input: "a moon", output: "yes" },
    { input: "the sun is blue", output: "no" },
    { input: "stone", output: "no" },
  ],
};

test("novelty is the distance to the nearest real neighbor, and counts what equals one", () => {
  expect(novelty(["a moon", "stone"], real)).toEqual({ mean: 0.5, lowest: 0, copies: 1 });
  expect(novelty(["the sun is blue"], real)).toEqual({ mean: 0.25, lowest: 0.25, copies: 0 });
  expect(novelty(["对足球的看法"], real)!.mean).toBeCloseTo(1 / 3);
  expect(novelty(["moon, a"], real)).toEqual({ mean: 0, lowest: 0, copies: 0 });
  expect([novelty([], real), novelty(["a"], [])]).toEqual([null, null]);
});

test("equal texts have no diversity, unlike ones all of it", () => {
  expect(diversity(["a b c", "a b c"])).toEqual({ distinctBigrams: 0.5, distance: 0 });
  expect(diversity(["a b", "c d", "e f"])).toEqual({ distinctBigrams: 1, distance: 1 });
  expect(diversity(["a b"])).toBeNull();
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 2 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 20 }), (texts) => {
      const found = diversity(texts)!;
      for (const value of Object.values(found)) expect(value >= 0 && value <= 1).toBe(true);
      expect(diversity([...texts, ...texts])!.distinctBigrams).toBeLessThanOrEqual(found.distinctBigrams / 2 + 1e-12);
    }),
  );
});

test("a set is measured, stored by the schema, and judged where the suite has a rule", () => {
  const directory = newDirectory();
  const path = join(directory, layout.synthetic("c"));
  const files = { [layout.synthetic("c")]: "before" };
  expect(judgeSynthetic(directory, "c", () => true, files)).toBe(files);
  expect(existsSync(path)).toBe(false);
  mkdirSync(dirname(path), { recursive: true });
  const records = measureSynthetic([set], 2, tasks);
  writeFileSync(path, syntheticLines(records));
  const stored = () => JSON.parse(readFileSync(path, "utf8")) as SyntheticRecord;
  expect(stored()).toMatchObject({ row: 2, task: "t", drawn: 7, kept: 3, agreement: null, novelty: { copies: 1 } });
  expect(judgeSynthetic(directory, "c", undefined, files)).toBe(files);
  expect(stored().agreement).toBeNull();
  const oracle = (task: string, input: string, output: string) => task === "t" && input !== "stone" && output === "no";
  expect(judgeSynthetic(directory, "c", oracle, files)).toEqual({
    [layout.synthetic("c")]: sha256(readFileSync(path)),
  });
  expect(stored().agreement).toBeCloseTo(1 / 3);
  const schema = readFileSync(join(packageRoot, "harness/contract/schemas/synthetic.schema.json"), "utf8");
  const validate = new Ajv().compile(JSON.parse(schema));
  expect(validate(stored()), JSON.stringify(validate.errors)).toBe(true);
});

const report = (synthetic: unknown) => ({ steps: 1, finalLoss: 1, curve: [], notes: {}, synthetic });

test("a report's sets are taken as they are", () => {
  expect(checkLearnReport(report([set])).synthetic).toEqual([set]);
  expect(checkLearnReport(report(undefined))).not.toHaveProperty("synthetic");
});

test.each([
  ["no list", set],
  ["no task", [{ ...set, taskId: undefined }]],
  ["draws that are lost", [{ ...set, drawn: 8 }]],
  ["a negative count", [{ ...set, kept: -1 }]],
  ["an item without an answer", [{ ...set, items: [{ input: "a" }] }]],
  ["too many items", [{ ...set, items: Array.from({ length: 1001 }, () => set.items[0]) }]],
])("a report with %s breaks the contract", (_, synthetic) => {
  expect(() => checkLearnReport(report(synthetic))).toThrow(expect.objectContaining({ code: "PLUGIN_FAILED" }));
});
