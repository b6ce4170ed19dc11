import type { ErrorLocation } from "../../../harness/contract/errors.js";
import { findSyntaxError } from "../../../harness/contract/files/json-syntax.js";
import { invalid } from "./source.js";

/** Where a piece of a file begins; always with a line and a column, counted in characters from 1. */
export type Place = Required<ErrorLocation>;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8Fix = "Save the file as UTF-8, such as: iconv -f LATIN1 -t UTF-8.";

/**
 * Decodes a piece of a file.
 *
 * @param what names the piece in the error, such as "row 3".
 * @throws DATA_INVALID with the place of the first byte that is not UTF-8.
 */
export function decodeUtf8(bytes: Buffer, start: Place, what: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    const valid = validPrefix(bytes, bytes.toString("utf8"));
    throw invalid(placeAfter(start, valid), `${what} contains bytes that are not UTF-8`, utf8Fix);
  }
}

/**
 * Parses the JSON of one row.
 *
 * @throws DATA_INVALID with the place where it stops being JSON or UTF-8.
 */
export function parseRow(bytes: Buffer, row: number, start: Place): unknown {
  const json = decodeUtf8(bytes, start, `row ${row}`);
  try {
    return JSON.parse(json);
  } catch {
    const { offset, expected } = findSyntaxError(json)!;
    const message = `row ${row} is not valid JSON: expected ${expected}`;
    throw invalid(placeAfter(start, json.slice(0, offset)), message, syntaxFix(json.slice(offset)));
  }
}

/** How to mend JSON that is wrong where `rest` begins. */
export function syntaxFix(rest: string): string {
  if (/^(?:'|None\b|True\b|False\b)/.test(rest)) return "This is Python's notation: write the file with json.dump.";
  if (/^-?(?:NaN|Infinity)\b/.test(rest)) return "JSON has no such number: write null, or leave the row out.";
  return "Mend the JSON there, or write the file again with a JSON library.";
}

/** The place of the character that follows `text`, which begins at `start`. */
export function placeAfter(start: Place, text: string): Place {
  const lines = text.split("\n");
  const characters = [...lines.at(-1)!].length;
  const column = lines.length === 1 ? start.column + characters : characters + 1;
  return { file: start.file, line: start.line + lines.length - 1, column };
}

/** The text before the first byte that is not UTF-8. A replacement character that was really written does not count. */
function validPrefix(bytes: Buffer, lenient: string): string {
  let index = lenient.indexOf("\ufffd");
  while (index >= 0) {
    const prefix = lenient.slice(0, index + 1);
    if (!bytes.subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix))) return lenient.slice(0, index);
    index = lenient.indexOf("\ufffd", index + 1);
  }
  return lenient;
}
