import { extname } from "node:path";
import type { MatrixRecord } from "../../contract/result.js";
import { readDelimitedTable } from "./delimited-table.js";
import { readJsonTable } from "./json-table.js";
import { type Field, invalid, readText, scoreOf, shapeOfMatrix } from "./table.js";

/**
 * Reads an accuracy matrix from our own matrix.json, or from what anyone else made: JSON with `rows` (or a bare list of
 * lists), or a table of text with one line a row: CSV, TSV, semicolons or spaces, with or without names of tasks above
 * and of rows on the left.
 *
 * T+1 rows are the untrained model and then each task; T rows lack the untrained model, which is then null. An empty
 * cell, null, NaN and NA mean "not measured".
 *
 * @param percent scores are on 0..100; those with a percent sign are in any case.
 * @throws DATA_INVALID with line, column and what is expected.
 */
export function readMatrix(file: string, percent = false): MatrixRecord {
  return parseMatrix(readText(file), file, percent);
}

/**
 * The same from a text that is already read.
 *
 * @param file where the text comes from, for errors.
 * @throws DATA_INVALID.
 */
export function parseMatrix(text: string, file: string, percent = false): MatrixRecord {
  const isJson = extname(file).toLowerCase() === ".json" || /^\s*[[{]/.test(text);
  const table = isJson ? readJsonTable(text, file) : readDelimitedTable(text, file);
  const width = Math.max(0, ...table.rows.map((row) => row.length));
  if (width === 0 || (table.rows.length !== width && table.rows.length !== width + 1)) {
    throw invalid(
      `the matrix has ${table.rows.length} rows and ${width} columns`,
      shapeOfMatrix,
      table.rows[0]?.[0]?.at ?? { file },
    );
  }
  const rows = table.rows.map((row) =>
    Array.from({ length: width }, (_, column) => (row[column] === undefined ? null : scoreOf(row[column], percent))),
  );
  if (rows.length === width) rows.unshift(new Array<null>(width).fill(null));
  const { names } = table;
  if (names !== undefined) checkNames(names, width, file);
  const record = matrixRecord(file, names?.map(({ value }) => String(value).trim()) ?? taskNames(width), rows);
  return table.rest.schema === "matrix@1" ? { ...record, ...table.rest, tasks: record.tasks, rows } : record;
}

/** Names for tasks that have none. */
export const taskNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `task ${index + 1}`);

/** A matrix of which only scores are known, and perhaps the numbers of items behind them. */
export function matrixRecord(
  file: string,
  tasks: string[],
  rows: (number | null)[][],
  n: (number | null)[][] = rows.map((row) => row.map(() => null)),
): MatrixRecord {
  const empty = () => rows.map((row) => row.map(() => null));
  return {
    schema: "matrix@1",
    trainer: file,
    order: "as given",
    seed: 0,
    tasks,
    rows,
    n,
    extracted: empty(),
    valid: empty(),
    shifted: empty(),
    probes: {},
    probeKinds: {},
    probeN: {},
    confusion: {},
  };
}

/** Throws DATA_INVALID for a wrong number of names, for equal ones, and for one with control characters. */
export function checkNames(names: readonly Field[], width: number, file: string): void {
  if (names.length !== width) {
    const message = `there are ${names.length} names for ${width} tasks`;
    throw invalid(message, "Name every column once.", names[0]?.at ?? { file });
  }
  const seen = new Set<string>();
  for (const { value, at } of names) {
    const name = String(value).trim();
    if (seen.has(name)) throw invalid(`two tasks are called "${name}"`, "Give every task a unique name.", at);
    if (/\p{Cc}/u.test(name)) throw invalid("a task's name contains control characters", "Remove them.", at);
    seen.add(name);
  }
}
