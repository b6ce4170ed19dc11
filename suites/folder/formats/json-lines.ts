import { parseRow } from "./json-text.js";
import type { FileRow } from "./row.js";

/** A line of a file, without its end. */
export interface Line {
  bytes: Buffer;
  /** From 1. */
  number: number;
}

const newline = 0x0a;
const blankLine = /^[ \t\r]*$/;

/** The lines of a file that are not blank; a carriage return before the end stays, JSON ignores it. */
export function* readLines(chunks: Iterable<Buffer>): Generator<Line> {
  let number = 0;
  let pieces: Buffer[] = [];
  const finish = function* (): Generator<Line> {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    number += 1;
    if (bytes.length > 64 || !blankLine.test(bytes.toString("latin1"))) yield { bytes, number };
  };
  for (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      pieces.push(chunk.subarray(from, end));
      yield* finish();
      from = end + 1;
    }
    pieces.push(chunk.subarray(from));
  }
  yield* finish();
}

/**
 * The rows of JSON Lines: one JSON value a line, blank lines left out.
 *
 * @throws DATA_INVALID with line and column for a line that is no JSON or not UTF-8.
 */
export function* readJsonLines(lines: Iterable<Line>, file: string): Generator<FileRow> {
  let row = 0;
  for (const { bytes, number } of lines) {
    row += 1;
    const at = { file, line: number, column: 1 };
    yield { value: parseRow(bytes, row, at), number: row, at };
  }
}
