import { existsSync, readFileSync } from "node:fs";
import { BenchError } from "../../harness/contract/errors.js";

/** A JSON object from a file of a model directory. Throws MODEL_INVALID with the file if it is absent or malformed. */
export function readJsonFile(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new BenchError(
      "MODEL_INVALID",
      existsSync(file) ? `The file is not valid JSON: ${(cause as Error).message}.` : "The file is missing.",
      { at: { file }, cause, fix: "Download the model directory again, with all its files." },
    );
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new BenchError("MODEL_INVALID", "The file does not hold a JSON object.", {
      at: { file },
      fix: "Download the model directory again, with all its files.",
    });
  }
  return value as Record<string, unknown>;
}
