import { BenchError } from "../../contract/errors.js";
import { readRegularFile } from "../../contract/files/read-file.js";

/** A file is not the one that was written. */
export const changed = (file: string): BenchError =>
  new BenchError("DATA_INVALID", "the file was changed after it was written: its digest is another one", {
    fix: "Restore the file from a copy. Results of a run are measured again by the run's own command.",
    at: { file },
  });

/** A file of a run is not what a run writes. */
function damaged(file: string, cause: unknown, line?: number): BenchError {
  return new BenchError("DATA_INVALID", `a file of the run cannot be read: ${(cause as Error).message}`, {
    fix: "Restore the file from a copy, or run again in another directory with --out.",
    at: line === undefined ? { file } : { file, line },
    cause,
  });
}

/** The bytes of a file of a run. Throws DATA_INVALID where it cannot be read. */
export function readBytes(file: string): Buffer {
  try {
    return readRegularFile(file);
  } catch (error) {
    throw damaged(file, error);
  }
}

/** The JSON value of a file of a run, or of a line in it. Throws DATA_INVALID. */
export function parsed(text: string, file: string, line?: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(file, error, line);
  }
}
