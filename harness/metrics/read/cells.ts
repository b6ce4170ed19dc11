import type { ErrorLocation } from "../../contract/errors.js";
import type { MatrixRecord } from "../../contract/result.js";
import { matrixRecord } from "./read-matrix.js";
import { invalid } from "./table.js";

/** A score that a file gives: row 0 is the untrained model, columns count from 0. */
export interface MeasuredCell {
  row: number;
  column: number;
  score: number | null;
  /** Items behind the score, where the file gives it. */
  n?: number | null;
  at: ErrorLocation;
}

/** Most tasks that a file of results may speak of. */
const mostTasks = 1000;

/**
 * Makes a matrix of single scores; what no cell gives is null.
 *
 * @throws DATA_INVALID for a score outside 0..1, a place outside of the matrix, and two different scores for one place.
 */
export function matrixOfCells(file: string, tasks: string[], cells: readonly MeasuredCell[]): MatrixRecord {
  if (tasks.length > mostTasks) {
    throw invalid(`there are ${tasks.length} tasks`, `A matrix has at most ${mostTasks}.`, { file });
  }
  const table = () => Array.from({ length: tasks.length + 1 }, () => new Array<number | null>(tasks.length).fill(null));
  const [rows, n] = [table(), table()];
  const seen = new Set<string>();
  for (const { row, column, score, at, n: items = null } of cells) {
    if (row > tasks.length || column >= tasks.length) {
      const message = `there is a score on task ${column + 1} after training ${row} tasks, but there are ${tasks.length} tasks`;
      throw invalid(message, "Give the results of one whole run.", at);
    }
    if (score !== null && !(score >= 0 && score <= 1)) {
      throw invalid(`${score} is no score`, "Scores of this tool are on 0..1 after its own scale is taken off.", at);
    }
    const place = `${row} ${column}`;
    if (seen.has(place) && rows[row]![column] !== score) {
      const message = `task ${column + 1} has two different scores after training ${row} tasks`;
      throw invalid(message, "Give the results of one run only.", at);
    }
    seen.add(place);
    rows[row]![column] = score;
    n[row]![column] = items;
  }
  return matrixRecord(file, tasks, rows, n);
}
