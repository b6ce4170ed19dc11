import { BenchError, type ErrorLocation } from "../../contract/errors.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import { packages } from "../../contract/packages.js";

/** A value with its place in a file. */
export interface Field {
  value: unknown;
  at: ErrorLocation;
}

/** A table read from a file. */
export interface TableFile {
  /** One list of fields for each row. */
  rows: Field[][];
  /** Names of the columns, where the file has them. */
  names?: Field[];
  /** Everything else in a JSON file. */
  rest: Record<string, unknown>;
}

/** Where an offset of a text is in its file. */
export function locator(text: string, file: string): (offset: number) => ErrorLocation {
  const lines = new packages.yaml.LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
}

/** Whether a field of a table says that there is no value: empty, null, NaN, NA or a dash. */
export const isMissing = (text: string): boolean => /^(?:\.?nan|null|none|#?n\/?a|-|–|—)?$/i.test(text);

const numeral = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)\s*(%?)$/i;

/**
 * A number of a table; with a percent sign, a share of 100. A decimal comma counts as a point.
 *
 * @returns undefined where the text is no number.
 */
export function numberOf(text: string, percent = false): number | undefined {
  const [, digits, sign] = numeral.exec(text.replace(",", ".")) ?? [];
  return digits === undefined ? undefined : Number(digits) / (percent || sign === "%" ? 100 : 1);
}

/**
 * A field as a score on 0..1, null where it says that there is none.
 *
 * @param percent scores are on 0..100; a field with a percent sign always is.
 * @throws DATA_INVALID for anything else.
 */
export function scoreOf({ value, at }: Field, percent: boolean): number | null {
  const text = String(value).trim();
  if (isMissing(text)) return null;
  const score = numberOf(text, percent);
  if (score !== undefined && score >= 0 && score <= 1) return score;
  const isPercentage = score !== undefined && score > 1 && score <= 100;
  throw invalid(
    `"${text}" is no score`,
    isPercentage ? "Scores are on 0..1; say --percent where they are on 0..100." : shapeOfMatrix,
    at,
  );
}

export const shapeOfMatrix =
  "Give T columns, one a task, and T+1 rows (the untrained model first) or T rows (without it).";

export function invalid(message: string, fix: string, at: ErrorLocation, cause?: unknown): BenchError {
  return new BenchError("DATA_INVALID", message, { fix, at, cause });
}

/** The text of a file in UTF-8, without a byte order mark. Throws DATA_INVALID. */
export function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readRegularFile(file));
  } catch (error) {
    const message = `the matrix cannot be read: ${(error as Error).message}`;
    throw invalid(message, "Check the path, and that it is a text file in UTF-8.", { file }, error);
  }
}
