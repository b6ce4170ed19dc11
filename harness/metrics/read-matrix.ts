import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { BenchError } from "../contract/errors.js";
import type { MatrixRecord } from "../contract/result.js";
import { type Field, isMissing, readCsvTable, readJsonTable } from "./table-text.js";

const shape = "Give T columns, one a task, and T+1 rows (the untrained model first) or T rows (without it).";

/**
 * Reads an accuracy matrix from our own matrix.json, or from what anyone else made: JSON with `rows` (or a bare list of
 * lists), or CSV with one line a row, with or without names of tasks above and of rows beside.
 *
 * T+1 rows are the untrained model and then each task; T rows lack the untrained model, which is then null. An empty
 * cell, null and NaN mean "not measured".
 *
 * @param percent scores are on 0..100.
 * @throws DATA_INVALID with line, column and what is expected.
 */
export function readMatrix(file: string, percent = false): MatrixRecord {
  const text = readText(file);
  const table = extname(file).toLowerCase() === ".csv" ? readCsvTable(text, file) : readJsonTable(text, file);
  const width = Math.max(0, ...table.rows.map((row) => row.length));
  if (width === 0 || (table.rows.length !== width && table.rows.length !== width + 1)) {
    throw new BenchError("DATA_INVALID", `the matrix has ${table.rows.length} rows and ${width} columns`, {
      at: table.rows[0]?.[0]?.at ?? { file },
      fix: shape,
    });
  }
  const rows = table.rows.map((row) =>
    Array.from({ length: width }, (_, column) => (row[column] === undefined ? null : scoreOf(row[column], percent))),
  );
  if (rows.length === width) rows.unshift(new Array<null>(width).fill(null));
  const names =
    table.names ?? Array.from({ length: width }, (_, index) => ({ value: `task ${index + 1}`, at: { file } }));
  if (names.length !== width) {
    throw new BenchError("DATA_INVALID", `there are ${names.length} names for ${width} tasks`, {
      at: names[0]?.at ?? { file },
      fix: "Name every column once.",
    });
  }
  const empty = () => rows.map((row) => row.map(() => null));
  return {
    schema: "matrix@1",
    trainer: file,
    order: "as given",
    seed: 0,
    n: empty(),
    extracted: empty(),
    valid: empty(),
    shifted: empty(),
    probes: {},
    probeKinds: {},
    probeN: {},
    confusion: {},
    ...(table.rest.schema === "matrix@1" ? table.rest : {}),
    tasks: names.map(({ value }) => String(value)),
    rows,
  };
}

function scoreOf({ value, at }: Field, percent: boolean): number | null {
  const text = String(value).trim();
  if (isMissing(text)) return null;
  const score = Number(text) / (percent ? 100 : 1);
  if (score >= 0 && score <= 1) return score;
  throw new BenchError("DATA_INVALID", `"${text}" is no score`, {
    at,
    fix: score > 1 && score <= 100 ? "Scores are on 0..1; say --percent where they are on 0..100." : shape,
  });
}

function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    throw new BenchError("DATA_INVALID", `the matrix cannot be read: ${(error as Error).message}`, {
      at: { file },
      fix: "Check the path, and that it is a text file in UTF-8.",
      cause: error,
    });
  }
}
