import { extname } from "node:path";
import { readDelimited } from "./delimited.js";
import { readJson } from "./json.js";
import { readParquet } from "./parquet.js";
import type { FileReading } from "./row.js";

const readers: Record<string, (file: string) => FileReading> = {
  ".json": readJson,
  ".jsonl": readJson,
  ".ndjson": readJson,
  ".parquet": (file) => ({ rows: readParquet(file) }),
  ".csv": (file) => readDelimited(file, ","),
  ".tsv": (file) => readDelimited(file, "\t"),
};

/** Extensions of the files that can be read; where a split exists in several, the first of these is read. */
export const dataExtensions = Object.keys(readers);

/**
 * Reads the rows of a file by its extension, in bounded memory but for a JSON object that wraps its rows.
 *
 * @throws DATA_INVALID while it is read, with file, line and fix.
 */
export function readRows(file: string): FileReading {
  return readers[extname(file).toLowerCase()]!(file);
}
