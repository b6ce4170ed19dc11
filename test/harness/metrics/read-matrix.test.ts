import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { BenchError } from "../../../harness/contract/errors.js";
import { computeMetrics, readMatrix } from "../../../harness/metrics/index.js";
import { matrixOf } from "./matrix.js";

const directory = mkdtempSync(join(tmpdir(), "bench-matrix-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const read = (name: string, content: string, percent = false) => {
  const file = join(directory, name);
  writeFileSync(file, content);
  return readMatrix(file, percent);
};

const failure = (name: string, content: string): BenchError => {
  try {
    read(name, content);
  } catch (error) {
    return error as BenchError;
  }
  return expect.fail("it should have failed");
};

const rows = [
  [0.1, 0.2],
  [0.5, null],
  [0.4, 0.75],
];

test.each([
  ["full.json", JSON.stringify({ tasks: ["a", "b"], rows })],
  ["bare.json", "[[0.1, 0.2],\n [0.5, NaN],\n [0.4, 0.75]]"],
  ["named.csv", "a,b\n0.1,0.2\n0.5,\n0.4,0.75\n"],
  ["labeled.csv", ',"a, the first",b\r\nuntrained,0.1,0.2\r\nafter a,0.5,nan\r\nafter b,0.4,0.75\r\n'],
  ["bare.csv", "0.1,0.2\n0.5\n0.4,0.75"],
])("%s gives the matrix", (name, content) => {
  expect(read(name, content).rows).toEqual(rows);
});

test("names, percent, and the missing row of the untrained model", () => {
  expect(read("labeled.csv", ',"a, the first",b\nx,0.1,0.2\ny,0.5,0.5\n').tasks).toEqual(["a, the first", "b"]);
  expect(read("two.csv", "50,10\n40,75", true).rows).toEqual([
    [null, null],
    [0.5, 0.1],
    [0.4, 0.75],
  ]);
  expect(read("one.csv", "only\n0.5\n")).toMatchObject({ tasks: ["only"], rows: [[null], [0.5]] });
});

test("our own matrix keeps its probes and counts", () => {
  const matrix = matrixOf(rows, { probes: { p: [0, 0.5, 1] }, probeKinds: { p: "general" }, seed: 7 });
  expect(read("own.json", JSON.stringify(matrix))).toEqual(matrix);
  expect(computeMetrics(read("own.json", JSON.stringify(matrix))).generalAbilityDelta!.value).toBe(1);
});

test("any matrix survives JSON and CSV", () => {
  const score = fc.option(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs), { freq: 5 });
  const table = fc
    .integer({ min: 2, max: 5 })
    .chain((width) =>
      fc.array(fc.array(score, { minLength: width, maxLength: width }), { minLength: width + 1, maxLength: width + 1 }),
    );
  fc.assert(
    fc.property(table, (given) => {
      const tasks = given[0]!.map((_, index) => `task ${index + 1}`);
      expect(read("any.json", JSON.stringify({ tasks, rows: given })).rows).toEqual(given);
      const lines = [tasks, ...given.map((row) => row.map((value) => value ?? "-"))];
      expect(read("any.csv", lines.map((line) => line.join(",")).join("\n")).rows).toEqual(given);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ["x.json", '{"tasks": ["a"],\n "rows": [[0.1], [1.7]]}', '"1.7" is no score', 2, 19, "--percent"],
  ["x.json", '{"tasks": ["a"],\n "rows": [[0.1],\n [0.5,}]}', "not valid JSON: expected a value", 3, 7, ".csv"],
  ["x.json", '{"tasks": ["a"]}', "is no list", 1, 1, "rows"],
  ["x.json", "[0.1, 0.2]", "row 1 is no list", 1, 2, "rows"],
  ["x.json", '{"tasks": ["a", "b"], "rows": [[0.1], [0.2]]}', "2 names for 1 tasks", 1, 12, "Name"],
  ["x.csv", "a,b\n0.1,0.2\n0.5,x\n0.3,0.4\n", '"x" is no score', 3, 5, "T columns"],
  ["x.csv", "a,b\n0.1,0.2\n", "1 rows and 2 columns", 2, 1, "T columns"],
  ["x.csv", "\n", "empty", 1, 1, "rows"],
])("%s %j is refused with its place", (name, content, message, line, column, fix) => {
  const error = failure(name, content);
  expect(error.code).toBe("DATA_INVALID");
  expect(error.message).toContain(message);
  expect(error.at).toEqual({ file: join(directory, name), line, column });
  expect(error.fix).toContain(fix);
});

test("a file that is not there or not text", () => {
  expect(() => readMatrix(join(directory, "absent.csv"))).toThrow(/cannot be read/);
  writeFileSync(join(directory, "binary.csv"), Uint8Array.of(0xff, 0xfe, 0x00));
  expect(() => readMatrix(join(directory, "binary.csv"))).toThrow(/cannot be read/);
});
