import { type Field, invalid, locator, type TableFile } from "./table.js";
import { splitHeader } from "./table-header.js";

const shape = "Give the rows, one a line, with commas, semicolons or tabs between the scores.";

/**
 * Reads a table of text: values between commas (RFC 4180), semicolons, tabs, or spaces where there is none of these; with
 * or without names of columns above and of rows on the left. A line of separators alone is a row without scores.
 *
 * @throws DATA_INVALID for an empty file or an empty line between rows, and as `splitHeader`.
 */
export function readDelimitedTable(text: string, file: string): TableFile {
  return { ...splitHeader(recordsOf(text, file)), rest: {} };
}

/** The records of a table of text, without the empty lines before and after them. */
export function recordsOf(text: string, file: string): Field[][] {
  const all = recordsBy(separatorOf(text), text, file);
  const isBlank = (record: Field[]) => record.length === 1 && String(record[0]!.value).trim() === "";
  const first = all.findIndex((record) => !isBlank(record));
  if (first < 0) throw invalid("the file is empty", shape, { file, line: 1, column: 1 });
  const records = all.slice(first, all.findLastIndex((record) => !isBlank(record)) + 1);
  const blank = records.find(isBlank);
  if (blank === undefined) return records;
  const fix = "Remove the line, or write a separator for every missing score of the row.";
  throw invalid("there is an empty line between the rows", fix, blank[0]!.at);
}

/** The separator of the first line that is not empty, outside of quotes; a space where every line is made of words. */
function separatorOf(text: string): string {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  const bare = (lines[0] ?? "").replace(/"(?:[^"]|"")*"/g, "");
  const found = ["\t", ";", ","].find((separator) => bare.includes(separator));
  if (found !== undefined) return found;
  return lines.length > 0 && lines.every((line) => /\S\s+\S/.test(line)) ? " " : ",";
}

function recordsBy(separator: string, text: string, file: string): Field[][] {
  const locate = locator(text, file);
  const apart = separator === " " ? "[ ]+(?=[^ \r\n])" : separator;
  const lead = separator === " " ? "[ ]*" : "";
  const fields = new RegExp(`${lead}(?:"((?:[^"]|"")*)"|([^"${separator}\r\n]*))(${apart}|[ ]*(?:\r\n|\n|\r|$))`, "g");
  const records: Field[][] = [];
  let record: Field[] = [];
  let next = 0;
  for (const match of text.matchAll(fields)) {
    const [whole, quoted, plain = "", end = ""] = match;
    if (whole === "" && record.length === 0) break;
    const at = locate(next);
    if (match.index !== next) {
      throw invalid(
        "there is a quotation mark within a value",
        "Put quotes around whole values, and double those inside.",
        at,
      );
    }
    next += whole.length;
    record.push({ value: quoted?.replaceAll('""', '"') ?? plain, at });
    if (!/[\r\n]/.test(end) && next < text.length) continue;
    records.push(record);
    record = [];
    if (!/[\r\n]/.test(end)) break;
  }
  return records;
}
