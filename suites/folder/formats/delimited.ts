import { pipeline, Readable } from "node:stream";
import { CsvError, type InfoRecord, type Options, parse } from "csv-parse";
import type { BenchError } from "../../../harness/contract/errors.js";
import { decodeUtf8 } from "./json-text.js";
import type { FileReading, FileRow } from "./row.js";
import { invalid, Source } from "./source.js";

const newline = 0x0a;
const names: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs" };

/**
 * Reads CSV or TSV with a header line: RFC 4180 quotes, any line ends, fields over several lines. A .csv file whose header
 * has no comma is read by semicolons or tabs, and says so.
 *
 * @throws DATA_INVALID with the line for a row of another length, a bad header, an open quote, or bytes that are not UTF-8.
 */
export function readDelimited(file: string, expected: "," | "\t"): FileReading {
  const header = headerOf(file);
  const delimiter = header.includes(expected)
    ? expected
    : ([";", "\t", ","].find((d) => header.includes(d)) ?? expected);
  const notes = delimiter === expected ? [] : [`columns are separated by ${names[delimiter]}`];
  return { rows: rowsOf(file, delimiter), notes };
}

/** The first line of the file, at most the first megabyte. */
function headerOf(file: string): string {
  for (const chunk of new Source(file).chunks()) {
    const end = chunk.indexOf(newline);
    return chunk.subarray(0, end < 0 ? chunk.length : end).toString("utf8");
  }
  throw invalid({ file, line: 1, column: 1 }, "the file is empty", "Write a header line and the rows.");
}

async function* rowsOf(file: string, delimiter: string): AsyncGenerator<FileRow> {
  const options: Options = {
    columns: (header: string[]) => checkHeader(header, file),
    delimiter,
    info: true,
    relax_quotes: delimiter === "\t",
    skip_empty_lines: true,
  };
  const parser = parse(options);
  // An error of either end comes out of the loop below, so the callback has nothing to do.
  pipeline(Readable.from(textOf(file)), parser, () => {});
  let before = { lines: 1, empty_lines: 0 };
  let number = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: unknown; info: InfoRecord }>) {
      const line = before.lines + 1 + info.empty_lines - before.empty_lines;
      number += 1;
      yield { value: record, number, at: { file, line } };
      before = info;
    }
  } catch (error) {
    throw error instanceof CsvError ? explain(error, (error.records as number) + 1, file) : error;
  }
}

/** The text of a file in pieces that end where lines end. */
function* textOf(file: string): Generator<string> {
  let line = 1;
  let rest: Buffer[] = [];
  const decode = () => decodeUtf8(Buffer.concat(rest), { file, line, column: 1 }, "the file");
  for (const chunk of new Source(file).chunks()) {
    const end = chunk.lastIndexOf(newline) + 1;
    rest.push(chunk.subarray(0, end));
    if (end > 0) {
      const text = decode();
      yield text;
      line += text.split("\n").length - 1;
      rest = [];
    }
    rest.push(chunk.subarray(end));
  }
  yield decode();
}

function checkHeader(header: string[], file: string): string[] {
  const at = { file, line: 1, column: 1 };
  const empty = header.findIndex((name) => name.trim() === "");
  // pandas writes its index as a first column without a name.
  if (empty > 0) throw invalid(at, `column ${empty + 1} has no name`, "Name every column in the first line.");
  const twin = header.find((name, index) => header.indexOf(name) < index);
  if (twin !== undefined) throw invalid(at, `two columns are called "${twin}"`, "Give each column its own name.");
  return header;
}

function explain(error: CsvError, row: number, file: string): BenchError {
  const at = { file, line: error.lines as number };
  switch (error.code) {
    case "CSV_RECORD_INCONSISTENT_COLUMNS": {
      const [given, expected] = [(error.record as unknown[]).length, (error.columns as unknown[]).length];
      const fix = "Put fields that contain the separator or a line break in double quotes.";
      return invalid(at, `row ${row} has ${given} fields, the header ${expected}`, fix);
    }
    case "CSV_QUOTE_NOT_CLOSED": {
      return invalid(at, `a quoted field of row ${row} does not end`, 'Close it with "; a quote inside is written "".');
    }
    default:
      return invalid(at, `row ${row} is not valid CSV: ${error.message}`, 'Write a quote inside a quoted field as "".');
  }
}
