import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import { findSyntaxError } from "../contract/json-syntax.js";

/** A value with its place in a file. */
export interface Field {
  value: unknown;
  at: ErrorLocation;
}

/** Whether a field of a table says that there is no value: empty, null, NaN or a dash. */
export const isMissing = (text: string): boolean => /^(?:\.?nan|null|none|-|–)?$/i.test(text);

/** A table read from a file. */
export interface TableFile {
  /** One list of fields for each row. */
  rows: Field[][];
  /** Names of the columns, where the file has them. */
  names?: Field[];
  /** Everything else that a JSON file holds. */
  rest: Record<string, unknown>;
}

const shape = 'Give a list of rows, or { "tasks": [ … ], "rows": [ [ … ], … ] }.';

function invalid(message: string, fix: string, at: ErrorLocation): BenchError {
  return new BenchError("DATA_INVALID", message, { fix, at });
}

/** Reads a JSON table: a list of rows, or an object with `rows` and `tasks`. Python's NaN is let through as text. */
export function readJsonTable(text: string, file: string): TableFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const locate = (offset: number): ErrorLocation => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const fault = findSyntaxError(text.replaceAll(/\bNaN\b/g, "0.0"));
  if (fault !== undefined) {
    const message = `the file is not valid JSON: expected ${fault.expected}`;
    throw invalid(message, "Mend it there, or give a file that ends in .csv.", locate(fault.offset));
  }
  const placeOf = (node: unknown) => locate(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  const listOf = (node: unknown, what: string): Node[] => {
    if (isSeq(node)) return node.items as Node[];
    throw invalid(`${what} is no list`, shape, placeOf(node));
  };
  const fieldsOf = (node: unknown, what: string): Field[] =>
    listOf(node, what).map((item) => ({ value: isScalar(item) ? item.value : item, at: placeOf(item) }));

  const { contents } = document;
  const table: unknown = isMap(contents) ? contents.get("rows", true) : contents;
  const rows = listOf(table, isMap(contents) ? '"rows"' : "the file").map((row, index) =>
    fieldsOf(row, `row ${index + 1}`),
  );
  if (!isMap(contents)) return { rows, rest: {} };
  const names: unknown = contents.get("tasks", true);
  const { rows: _rows, tasks: _tasks, ...rest } = document.toJS() as Record<string, unknown>;
  return names === undefined ? { rows, rest } : { rows, rest, names: fieldsOf(names, '"tasks"') };
}

/** Reads CSV (RFC 4180), with or without names of columns above and names of rows on the left. */
export function readCsvTable(text: string, file: string): TableFile {
  const records = csvRecords(text, file).filter((record) => record.some(({ value }) => String(value).trim() !== ""));
  const [first] = records;
  if (first === undefined) throw invalid("the file is empty", shape, { file, line: 1, column: 1 });
  const isName = ({ value }: Field) => {
    const field = String(value).trim();
    return !isMissing(field) && Number.isNaN(Number(field));
  };
  const titled = first.length > 1 ? first.slice(1).every(isName) : isName(first[0]!);
  const body = titled ? records.slice(1) : records;
  const labeled = body.length > 0 && body.every((record) => isName(record[0]!));
  const rows = labeled ? body.map((record) => record.slice(1)) : body;
  if (!titled) return { rows, rest: {} };
  const width = Math.max(0, ...rows.map((row) => row.length));
  return { rows, rest: {}, names: first.slice(-width) };
}

function csvRecords(text: string, file: string): Field[][] {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  const records: Field[][] = [];
  let record: Field[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/g)) {
    const [whole, quoted, plain = "", end] = match;
    if (whole === "" && record.length === 0) break;
    const { line, col } = lines.linePos(match.index);
    record.push({ value: quoted?.replaceAll('""', '"') ?? plain, at: { file, line, column: col } });
    if (end === ",") continue;
    records.push(record);
    record = [];
    if (end === "") break;
  }
  return records;
}
