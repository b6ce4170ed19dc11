import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { BasicType, ColumnSource } from "hyparquet-writer";
import { csvLine } from "./csv.js";
import type { ColumnType, RunTable } from "./run-tables.js";

/**
 * Writes a table as `<path>.jsonl` and `<path>.csv`, record by record.
 *
 * @param forSpreadsheet what a spreadsheet would compute gets an apostrophe in CSV.
 * @returns the paths of the files.
 */
export function writeTextTable({ columns, records }: RunTable, path: string, forSpreadsheet: boolean): string[] {
  const paths = [`${path}.jsonl`, `${path}.csv`];
  for (const old of paths) rmSync(old, { force: true }); // a link there is not followed
  const [jsonl, csv] = paths.map((file) => openSync(file, "wx")) as [number, number];
  try {
    writeSync(csv, csvLine(Object.keys(columns), false));
    for (const record of records()) {
      writeSync(jsonl, `${JSON.stringify(record)}\n`);
      writeSync(
        csv,
        csvLine(Object.keys(columns).map((column) => textOf(member(record, column))) as string[], forSpreadsheet),
      );
    }
  } finally {
    closeSync(jsonl);
    closeSync(csv);
  }
  return paths;
}

/** Several values in one field are separated by a bar. */
function textOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.join(" | ");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : value;
}

const parquetTypes: Record<ColumnType, BasicType> = {
  text: "STRING",
  integer: "INT64",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  value: "JSON",
};

/** Records of a row group, which is what is in memory at once. */
const groupSize = 50_000;

/**
 * Writes a table as `<path>.parquet`, one row group after the other. Values that are lists or objects are columns of JSON.
 *
 * @returns the paths of the files.
 */
export async function writeParquetTable({ columns, records }: RunTable, path: string): Promise<string[]> {
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const file = `${path}.parquet`;
  rmSync(file, { force: true }); // a link there is not followed
  const names = Object.keys(columns);
  const sources = (group: readonly object[]): ColumnSource[] =>
    names.map((name) => ({
      name,
      data: group.map((record) => parquetValue(member(record, name), columns[name]!)),
      type: parquetTypes[columns[name]!],
    }));
  const schema = schemaFromColumnData({ columnData: sources([]) });
  const writer = new ParquetWriter({ writer: fileWriter(file), schema, createdBy: "bench" });
  let group: object[] = [];
  for (const record of records()) {
    if (group.push(record) < groupSize) continue;
    await writer.write({ columnData: sources(group), rowGroupSize: groupSize });
    group = [];
  }
  if (group.length > 0) await writer.write({ columnData: sources(group), rowGroupSize: groupSize });
  await writer.finish();
  return [file];
}

function parquetValue(value: unknown, type: ColumnType): unknown {
  if (value === undefined || value === null) return null;
  return type === "integer" ? BigInt(value as number) : value;
}

const member = (record: object, name: string): unknown => (record as Record<string, unknown>)[name];
