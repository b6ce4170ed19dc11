import { createHash } from "node:crypto";
import { BenchError } from "../../harness/contract/errors.js";
import { readRows } from "./formats/index.js";
import type { FileRow } from "./formats/row.js";
import type { Row } from "./shapes/cells.js";
import { RowReader, type RowSettings } from "./shapes/index.js";

/** How the rows of a task are read. */
export interface ReadOptions extends RowSettings {
  /** What to do with a row whose answer is empty or null: the real TRACE files have such rows. */
  emptyAnswers: "error" | "leave-out";
}

export interface SplitRows {
  rows: Row[];
  /** Rows left out since their answer is empty. */
  withoutAnswer: number;
  /**
   * SHA-256 of the file where it is one JSON list of `{ prompt, answer }`; else of the compact JSON list that its rows
   * make, so that the same rows have the same digest whatever format they came in.
   */
  digest: string;
  /** What was recognized, in words. */
  notes: string[];
}

/**
 * Reads the files of one split, one after the other.
 *
 * @throws DATA_INVALID with file, line or row, and fix.
 */
export async function readSplit(files: readonly string[], options: ReadOptions): Promise<SplitRows> {
  const hash = createHash("sha256").update("[");
  const rows: Row[] = [];
  const notes = new Set<string>();
  const tally = new Map<string, number>();
  let count = 0;
  let digest: string | undefined;
  for (const file of files) {
    const reader = new RowReader(options);
    const reading = readRows(file);
    for await (const fileRow of reading.rows) {
      const row = reader.read(fileRow);
      hash.update(`${count === 0 ? "" : ","}${canonical(row)}`);
      count += 1;
      if (row.references.length > 0) rows.push(row);
      else if (options.emptyAnswers === "error") throw emptyAnswer(fileRow);
    }
    for (const note of [reader.notice ?? [], reading.notes ?? []].flat()) notes.add(note);
    for (const [what, times] of reader.tally) tally.set(what, (tally.get(what) ?? 0) + times);
    if (files.length === 1 && reader.notice === undefined && options.columns === undefined) digest = reading.digest?.();
  }
  if (rows.length === 0) {
    throw new BenchError("DATA_INVALID", count === 0 ? "the file contains no rows" : "no row has an answer", {
      at: { file: files[0]!, line: 1, column: 1 },
      fix: "Give at least one row with a prompt and an answer, or remove the folder of the task.",
    });
  }
  for (const [what, times] of tally) notes.add(`${what}: ${times}`);
  return {
    rows,
    withoutAnswer: count - rows.length,
    digest: digest ?? hash.update("]").digest("hex"),
    notes: [...notes],
  };
}

function canonical({ prompt, references, group }: Row): string {
  return JSON.stringify({ prompt, answer: references.length > 1 ? references : (references[0] ?? ""), group });
}

function emptyAnswer({ number, at }: FileRow): BenchError {
  return new BenchError("DATA_INVALID", `row ${number} has no answer: it is empty or null`, {
    at,
    fix: 'Fill the answer or remove the row; with the suite option emptyAnswers: "leave-out" such rows are left out.',
  });
}
