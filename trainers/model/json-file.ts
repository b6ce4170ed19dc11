import { readFileSync, statSync } from "node:fs";
import { BenchError, type ErrorLocation } from "../../harness/contract/errors.js";
import { findSyntaxError } from "../../harness/contract/files/json-syntax.js";
import { deepest, isTooDeep } from "../../harness/contract/files/nesting.js";

/** The largest tokenizers take 40 MB. */
const mostBytes = 64 * 1024 * 1024;

/**
 * A file of a model directory, other than its weights. Throws MODEL_INVALID where it is absent, no file, or so large that
 * it is not what its name says.
 */
export function readModelFile(file: string): Buffer {
  const there = statSync(file, { throwIfNoEntry: false });
  if (there === undefined) throw invalid("The file is missing.", { file });
  if (!there.isFile()) throw invalid("This is not a file.", { file });
  if (there.size > mostBytes)
    throw invalid(`The file has ${there.size} bytes; at most ${mostBytes} are read.`, { file });
  try {
    return readFileSync(file);
  } catch (cause) {
    throw invalid(`The file cannot be read: ${(cause as Error).message}.`, { file }, cause);
  }
}

/**
 * A JSON object from a file of a model directory. Throws MODEL_INVALID if it is absent or malformed, with the file and
 * the place where it stops being JSON.
 */
export function readJsonFile(file: string): Record<string, unknown> {
  const text = readModelFile(file).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { expected, offset } = findSyntaxError(text)!; // slower than parsing, so only where that failed
    throw invalid(`The file is not valid JSON: expected ${expected}.`, placeIn(text, offset, file));
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw invalid("The file does not contain a JSON object.", { file });
  }
  if (isTooDeep(value)) throw invalid(`The file has more than ${deepest} levels.`, { file });
  return value as Record<string, unknown>;
}

function placeIn(text: string, offset: number, file: string): ErrorLocation {
  const lines = text.slice(0, offset).split("\n");
  return { file, line: lines.length, column: [...lines.at(-1)!].length + 1 };
}

function invalid(message: string, at: ErrorLocation, cause?: unknown): BenchError {
  return new BenchError("MODEL_INVALID", message, {
    at,
    cause,
    fix: "Download the model directory again, with all its files.",
  });
}
