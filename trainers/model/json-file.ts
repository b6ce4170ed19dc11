import { existsSync, readFileSync } from "node:fs";
import { BenchError, type ErrorLocation } from "../../harness/contract/errors.js";
import { findSyntaxError } from "../../harness/contract/json-syntax.js";

/**
 * A JSON object from a file of a model directory. Throws MODEL_INVALID if it is absent or malformed, with the file and
 * the place where it stops being JSON.
 */
export function readJsonFile(file: string): Record<string, unknown> {
  const text = readText(file);
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
  return value as Record<string, unknown>;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const message = existsSync(file) ? `The file cannot be read: ${(cause as Error).message}.` : "The file is missing.";
    throw invalid(message, { file }, cause);
  }
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
