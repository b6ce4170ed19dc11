import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError, type ErrorLocation } from "../../harness/contract/errors.js";
import { readJsonList } from "./json-list.js";

/** One record of TRACE's layout. */
export interface Row {
  prompt: string;
  answer: string;
}

export type Split = "train" | "eval" | "test";

export interface SplitFile {
  rows: Row[];
  /** Rows left out since their answer is empty. */
  withoutAnswer: number;
  /** SHA-256 of the file. */
  digest: string;
}

/**
 * Reads one file of a task: a list of `{ "prompt": text, "answer": text }`; further members are ignored.
 *
 * @param emptyAnswers what to do with a row whose answer is empty: the real TRACE files have such rows.
 * @returns undefined where there is no such file.
 * @throws DATA_INVALID with file, line, column and fix.
 */
export function readSplit(directory: string, split: Split, emptyAnswers: "error" | "leave-out"): SplitFile | undefined {
  const file = join(directory, `${split}.json`);
  if (!existsSync(file)) return undefined;
  const { elements, digest } = readJsonList(file);
  const rows: Row[] = [];
  for (const [index, { value, at }] of elements.entries()) {
    const row = checkRow(value, index + 1, at);
    if (row.answer.trim() !== "") rows.push(row);
    else if (emptyAnswers === "error") throw emptyAnswer(index + 1, at);
  }
  if (rows.length === 0) {
    throw new BenchError("DATA_INVALID", elements.length === 0 ? "the list holds no rows" : "no row has an answer", {
      at: { file, line: 1, column: 1 },
      fix: "Give at least one row with a prompt and an answer, or remove the folder of the task.",
    });
  }
  return { rows, withoutAnswer: elements.length - rows.length, digest };
}

function checkRow(value: unknown, number: number, at: ErrorLocation): Row {
  const complain = (message: string, fix: string): never => {
    throw new BenchError("DATA_INVALID", `row ${number} ${message}`, { at, fix });
  };
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    complain("is not an object", 'Write each row as { "prompt": "…", "answer": "…" }.');
  }
  const { prompt, answer } = value as Record<string, unknown>;
  for (const [name, member] of Object.entries({ prompt, answer })) {
    if (member === undefined) complain(`has no "${name}"`, `Add "${name}", or remove the row.`);
    if (typeof member !== "string") {
      complain(
        `has ${name === "answer" ? "an" : "a"} "${name}" that is no text: ${JSON.stringify(member)}`,
        "Put it in quotes.",
      );
    }
  }
  if ((prompt as string).trim() === "") complain("has an empty prompt", "Fill the prompt, or remove the row.");
  return { prompt: prompt as string, answer: answer as string };
}

function emptyAnswer(number: number, at: ErrorLocation): BenchError {
  return new BenchError("DATA_INVALID", `row ${number} has an empty answer`, {
    at,
    fix: 'Fill the answer or remove the row; with the suite option emptyAnswers: "leave-out" such rows are left out.',
  });
}
