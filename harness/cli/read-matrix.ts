import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { BenchError } from "../contract/errors.js";
import type { MatrixRecord } from "../contract/result.js";
import { parseCsv } from "./csv.js";

/**
 * Reads an accuracy matrix from our own matrix.json, or from what anyone else made: JSON with `rows` (or a bare list
 * of lists), or CSV with one line a row, with or without names of tasks above and of rows beside.
 *
 * T+1 rows are the untrained model and then each task; T rows lack the untrained model, which is then null. An empty
 * cell, null and NaN mean "not measured".
 *
 * @param percent scores are on 0..100.
 * @throws DATA_INVALID with the place and what is expected.
 */
export function readMatrix(file: string, percent: boolean): MatrixRecord {
  const text = readText(file);
  const foreign = extname(file).toLowerCase() === ".csv" ? fromCsv(text, file) : fromJson(text, file);
  if (isRecord(foreign)) return foreign;
  const { tasks: names, rows: given } = foreign;
  const width = Math.max(0, ...given.map((row) => row.length));
  if (width === 0 || (given.length !== width && given.length !== width + 1)) {
    throw invalid(file, `the matrix has ${given.length} rows and ${width} columns`, shape);
  }
  const rows = given.map((row, index) =>
    Array.from({ length: width }, (_, column) =>
      score(row[column], percent, { file, line: index + 1, column: column + 1 }),
    ),
  );
  if (rows.length === width) rows.unshift(new Array<null>(width).fill(null));
  const tasks = names ?? Array.from({ length: width }, (_, index) => `task ${index + 1}`);
  if (tasks.length !== width) throw invalid(file, `there are ${tasks.length} names for ${width} tasks`, shape);
  const empty = () => rows.map((row) => row.map(() => null));
  return {
    schema: "matrix@1",
    trainer: file,
    order: "as given",
    seed: 0,
    tasks,
    rows,
    n: empty(),
    extracted: empty(),
    valid: empty(),
    shifted: empty(),
    probes: {},
    probeKinds: {},
    probeN: {},
    confusion: {},
  };
}

const isRecord = (value: MatrixRecord | ForeignMatrix): value is MatrixRecord => "schema" in value;

const shape = "Give T columns, one a task, and T+1 rows (the untrained model first) or T rows (without it).";

interface ForeignMatrix {
  tasks?: string[];
  rows: unknown[][];
}

function fromJson(text: string, file: string): MatrixRecord | ForeignMatrix {
  let value: unknown;
  try {
    value = JSON.parse(text.replaceAll(/\bNaN\b/g, "null"));
  } catch (error) {
    throw invalid(file, `the file is no JSON: ${(error as Error).message}`, "Give JSON, or a file that ends in .csv.");
  }
  if ((value as MatrixRecord | null)?.schema === "matrix@1") return value as MatrixRecord;
  const rows = Array.isArray(value) ? value : (value as ForeignMatrix | null)?.rows;
  if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row))) {
    throw invalid(file, "there is no matrix in it", 'Give a list of rows, or { "tasks": [ … ], "rows": [ [ … ] ] }.');
  }
  const tasks = Array.isArray(value) ? undefined : (value as ForeignMatrix).tasks;
  return tasks === undefined ? { rows } : { tasks: tasks.map(String), rows };
}

function fromCsv(text: string, file: string): ForeignMatrix {
  const records = parseCsv(text).filter((record) => record.some((field) => field.trim() !== ""));
  const [first] = records;
  if (first === undefined) throw invalid(file, "the file is empty", shape);
  const isName = (field: string) => field.trim() !== "" && !/^nan$/i.test(field.trim()) && Number.isNaN(Number(field));
  const titled = first.some(isName) && first.slice(1).every((field) => isName(field));
  const body = titled ? records.slice(1) : records;
  const labelled = body.length > 0 && body.every(([label = ""]) => isName(label));
  const rows = labelled ? body.map((record) => record.slice(1)) : body;
  const width = Math.max(0, ...rows.map((row) => row.length));
  return titled ? { tasks: first.slice(-width), rows } : { rows };
}

function score(value: unknown, percent: boolean, at: { file: string; line: number; column: number }): number | null {
  if (value === null || value === undefined) return null;
  const text = String(value).trim();
  if (text === "" || /^(nan|null|none|-|–)$/i.test(text)) return null;
  const number = Number(text) / (percent ? 100 : 1);
  if (Number.isFinite(number) && number >= 0 && number <= 1) return number;
  const fix = number > 1 && number <= 100 ? "Scores are on 0..1; say --percent where they are on 0..100." : shape;
  throw new BenchError("DATA_INVALID", `row ${at.line}, column ${at.column}: "${text}" is no score`, {
    fix,
    at: { file: at.file },
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw invalid(file, `the matrix cannot be read: ${(error as Error).message}`, "Check the path.");
  }
}

const invalid = (file: string, what: string, fix: string): BenchError =>
  new BenchError("DATA_INVALID", what, { fix, at: { file } });
