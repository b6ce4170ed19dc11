import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { csvLine } from "../../../harness/app/export/csv.js";
import { newDirectory } from "../../files.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { bench } from "../cli/support.js";

test.each(["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil")'])(
  "%j is text in a spreadsheet",
  (text) => {
    expect(csvLine([text], true)).toMatch(/^"?'/);
    expect(csvLine([text], false)).not.toMatch(/^"?'/);
  },
);

test("numbers and ordinary text are as they were", () => {
  const fields = [-0.5, 3, "-0.5", "+1e-3", "a-b", "x=1", "", null, true];
  expect(csvLine(fields, true)).toBe(csvLine(fields, false));
});

test("a leaderboard's CSV and an export are for spreadsheets, an exact export is not", async () => {
  const directory = newDirectory();
  const run = writeFixtureRun(join(directory, "run"), { orders: 1, seeds: 1, only: ["ewc"], digests: false });
  const text = JSON.stringify(run).replaceAll('"ewc"', '"=cmd()"');
  writeFileSync(join(directory, "run", "run.json"), text);
  const matrix = join(directory, "run", "cells", run.cells[0]!.id, "matrix.json");
  writeFileSync(matrix, readFileSync(matrix, "utf8").replaceAll('"ewc"', '"=cmd()"'));
  expect((await bench(["leaderboard", "run", "--out", "board"], directory)).code).toBe(0);
  expect(readFileSync(join(directory, "board/leaderboard.csv"), "utf8")).toContain(",'=cmd(),");
  expect((await bench(["export", "run"], directory)).code).toBe(0);
  expect(readFileSync(join(directory, "run/export/matrices.csv"), "utf8")).toContain(",'=cmd(),");
  expect((await bench(["export", "run", "--exact-csv", "--out", "exact"], directory)).code).toBe(0);
  expect(readFileSync(join(directory, "exact/matrices.csv"), "utf8")).toContain(",=cmd(),");
});
