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
  ["named.tsv", "\ta\tb\nx\t0.1\t0.2\ny\t0.5\tNA\nz\t0.4\t0.75\n"],
  ["german.csv", '\ufeff"task";"a";"b"\r\n"x";"0,1";"0,2"\r\n"y";"0,5";""\r\n"z";"0,4";"0,75"\r\n'],
  ["percent.csv", "a,b\n10%,20 %\n50%,n/a\n40%,75%\n"],
  ["savetxt.txt", "1.0e-01 2.0e-01\n5.0e-01 nan\n4.0e-01 7.5e-01\n"],
  ["pandas.csv", ",0,1\n0,0.1,0.2\n1,0.5,\n2,0.4,0.75\n"],
  ["pandas-from-one.csv", ",1,2\n1,0.1,0.2\n2,0.5,\n3,0.4,0.75\n"],
  ["unnamed.csv", "Unnamed: 0,a,b\n0,0.1,0.2\n1,0.5,\n2,0.4,0.75\n"],
  ["no-index.csv", "0,1\n0.1,0.2\n0.5,\n0.4,0.75\n"],
  ["write-table.txt", '"a" "b"\n"1" 0.1 0.2\n"2" 0.5 NA\n"3" 0.4 0.75\n'],
  ["blank-labels.csv", ",a,b\n,0.1,0.2\n,0.5,\n,0.4,0.75\n\n"],
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

test("a row of separators alone is a row that was not measured", () => {
  const matrix = read("gap.csv", "0.1,0.2\n,\n0.4,0.75");
  expect(matrix.rows).toEqual([
    [0.1, 0.2],
    [null, null],
    [0.4, 0.75],
  ]);
  expect(computeMetrics(matrix).bwt!.value).toBeNull();
});

test("the column of row numbers that pandas writes is no task", () => {
  const rows = "91.0,20.0,11.0 70.5,88.0,15.0 60.0,75.0,92.0".split(" ");
  const pandas = read("pandas.csv", [",0,1,2", ...rows.map((row, index) => `${index},${row}`)].join("\n"), true);
  const named = read("named.csv", [",a,b,c", ...rows.map((row) => `after,${row}`)].join("\n"), true);
  expect(pandas.rows).toEqual(named.rows);
  expect(computeMetrics(pandas).op!.value).toBeCloseTo(0.7567, 4);
  expect(computeMetrics(pandas).bwt!.value).toBeCloseTo(-0.22, 10);
  const two = read("two.csv", ",0,1\n0,0.91,0.20\n1,0.705,0.88\n");
  expect(two.tasks).toEqual(["0", "1"]);
  expect(computeMetrics(two).op!.value).toBeCloseTo(0.7925, 10);
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
  ["x.csv", ",qa,qa\na,0.9,0.2\nb,0.7,0.8\n", 'two tasks are called "qa"', 1, 5, "unique name"],
  ["x.json", '{"tasks": ["a", "a"], "rows": [[0.1, 0.2], [0.2, 0.3]]}', 'two tasks are called "a"', 1, 17, "name"],
  ["x.csv", "a,b\n0.1,0.2\n\n0.3,0.4\n", "empty line", 3, 1, "separator"],
  ["x.csv", ",a,b,mean\nx,0.9,0.2,0.5\ny,0.7,0.8,0.7\n", 'column "mean"', 1, 6, "Remove"],
  ["x.csv", ",a,b\nx,0.9,0.2\ny,0.7,0.8\nmean,0.8,0.5\n", 'row "mean"', 4, 1, "Remove"],
  ["x.csv", "index,a,b\n0.9,0.2,0.1\n0.7,0.8,0.1\n0.7,0.8,0.1\n", "first column is not named", 1, 1, "index"],
  ["x.csv", "id,a,b\n0,0.2,0.1\n1,0.8,0.1\n2,0.8,0.1\n", "counts the rows", 2, 1, "index"],
  ["x.csv", "0,0.2,0.1\n1,0.8,0.1\n2,0.8,0.1\n", "counts the rows", 1, 1, "index"],
  ["x.csv", "0,1\n0.1,0.2\n0.3,0.4\n", "may be names or scores", 1, 1, "Name the tasks"],
  ["x.csv", 'a,b\n0.1,0"2\n0.3,0.4\n', "quotation mark", 2, 5, "quotes"],
  ["x.csv", "a,b\n0x1,0.2\n0.3,0.4\n", '"0x1" is no score', 2, 1, "T columns"],
  ["x.csv", "a\u001b[31m,b\n0.1,0.2\n0.3,0.4\n", "control characters", 1, 1, "Remove"],
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
