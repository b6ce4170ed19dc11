import { statSync } from "node:fs";
import { readRegularFile } from "../../../harness/contract/files/read-file.js";
import { readJsonList } from "./json-list.js";
import { parseRow, placeAfter } from "./json-text.js";
import type { FileRow } from "./row.js";
import { invalid } from "./source.js";

/** An object is parsed whole, so its size is bounded; lists and lines are not. */
const mostBytes = 512 * 2 ** 20;
const fixes = {
  large: "Write the rows as JSON Lines, one object a line, in a file that ends in .jsonl.",
  columns: "Write a list of rows instead; in pandas: df.to_json(path, orient='records', lines=True).",
  splits: "Write each of them to its own file: train.jsonl, test.jsonl.",
  rows: 'Write a list of rows: [ { "prompt": "…", "answer": "…" }, … ], or one object a line in a .jsonl file.',
};

/**
 * The rows of a JSON object that wraps them: a task of Super-NaturalInstructions (`Definition`, `Instances`), whose
 * definition goes to every row, or any object with one list of objects.
 *
 * @throws DATA_INVALID with line and column for an object without rows, or with rows by column or by split.
 */
export function* readJsonObject(file: string): Generator<FileRow> {
  const start = { file, line: 1, column: 1 };
  if (statSync(file).size > mostBytes) throw invalid(start, "the file is one JSON object of over 512 MiB", fixes.large);
  const bytes = readRegularFile(file);
  const value = parseRow(bytes, 1, start) as Record<string, unknown>;
  const member = memberOfRows(value, file);
  const json = bytes.toString("utf8");
  const [from, to] = extentOf(json, member);
  const list = readJsonList([Buffer.from(json.slice(from, to))], placeAfter(start, json.slice(0, from)));
  if (member !== "Instances") return yield* list;
  const definition = definitionOf(value.Definition);
  for (const row of list) yield { ...row, value: withDefinition(row.value, definition) };
}

const isObject = (value: unknown): value is object =>
  value !== null && typeof value === "object" && !Array.isArray(value);

function memberOfRows(value: Record<string, unknown>, file: string): string {
  if (Array.isArray(value.Instances)) return "Instances";
  const at = { file, line: 1, column: 1 };
  const lists = Object.keys(value).filter((key) => Array.isArray(value[key]));
  const ofRows = lists.filter((key) => (value[key] as unknown[]).every(isObject) && (value[key] as []).length > 0);
  if (ofRows.length === 1) return ofRows[0]!;
  const names = Object.keys(value).slice(0, 8).join(", ");
  if (ofRows.length > 1)
    throw invalid(at, `the file contains several lists of rows: ${ofRows.join(", ")}`, fixes.splits);
  const byColumn = lists.length > 1 || Object.values(value).filter(isObject).length > 1;
  const message = byColumn
    ? `the file contains columns (${names}), not rows`
    : `the file is an object without a list of rows: ${names}`;
  throw invalid(at, message, byColumn ? fixes.columns : fixes.rows);
}

const definitionOf = (definition: unknown): unknown => (Array.isArray(definition) ? definition[0] : definition);

const withDefinition = (row: unknown, definition: unknown): unknown =>
  isObject(row) && definition !== undefined ? { definition, ...row } : row;

/** Where the value of a member begins and ends in the text of a valid JSON object. */
function extentOf(json: string, member: string): [number, number] {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;
  let depth = 0;
  let key: string | undefined;
  let from = -1;
  let extent: [number, number] = [0, 0];
  for (const { 0: token, index } of json.matchAll(tokens)) {
    if (depth === 1 && from < 0 && token.startsWith('"')) key ??= JSON.parse(token) as string;
    if (depth === 1 && token === ",") key = undefined;
    if (token === "[" && depth === 1 && key === member) from = index;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (from >= 0 && depth === 1 && token === "]") {
      extent = [from, index + 1];
      from = -1;
    }
  }
  return extent;
}
