import { type Line, readJsonLines, readLines } from "./json-lines.js";
import { readJsonList } from "./json-list.js";
import { readJsonObject } from "./json-object.js";
import type { FileReading } from "./row.js";
import { Source } from "./source.js";

/**
 * Reads a file of JSON whatever its extension says: a list of rows, one row a line, or an object that wraps the rows.
 *
 * @throws DATA_INVALID with line and column.
 */
export function readJson(file: string): FileReading {
  const source = new Source(file);
  const chunks = source.chunks();
  const first = chunks.next();
  const all = chainOf(first.done === true ? [] : [first.value], chunks);
  const begins = first.done === true ? "" : /[^ \t\r\n]/.exec(first.value.toString("latin1"))?.[0];
  if (begins !== "{") {
    return { rows: readJsonList(all, { file, line: 1, column: 1 }), digest: () => source.digest() };
  }
  const lines = readLines(all);
  const head = [...take(lines, 2)];
  const isLines = head.length === 2 && parses(head[0]!);
  if (!isLines && !(head.length === 1 && file.toLowerCase().endsWith("l"))) return { rows: readJsonObject(file) };
  return { rows: readJsonLines(chainOf(head, lines), file) };
}

function* chainOf<T>(first: Iterable<T>, rest: Iterable<T>): Generator<T> {
  yield* first;
  yield* rest;
}

function* take<T>(iterator: Iterator<T>, count: number): Generator<T> {
  for (let taken = 0; taken < count; taken++) {
    const next = iterator.next();
    if (next.done === true) return;
    yield next.value;
  }
}

function parses({ bytes }: Line): boolean {
  try {
    JSON.parse(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
