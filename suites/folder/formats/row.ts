import type { ErrorLocation } from "../../../harness/contract/errors.js";

/** One row of a file before its columns are interpreted. */
export interface FileRow {
  value: unknown;
  /** From 1, empty lines and headers not counted. */
  number: number;
  at: ErrorLocation;
}

/** The rows of a file as they are read, and what is known only after the whole file. */
export interface FileReading {
  rows: Iterable<FileRow> | AsyncIterable<FileRow>;
  /** SHA-256 of the bytes of a JSON list, once all rows were read; other formats have none. */
  digest?(): string;
  /** What was recognized about the format, in words. */
  notes?: string[];
}
