import type { MatrixRecord } from "../../contract/result.js";
import { addEfforts, type Effort, noEffort } from "../cost.js";
import type { MeasuredRows } from "../matrix.js";
import { type MeasuredRow, measuredRows } from "../row.js";
import type { WatchedCell } from "./detect.js";

/** What alerts are detected from: the matrix so far, and what the cell has used up to each of its rows. */
export function watchedCell(
  rows: readonly MeasuredRow[],
  plannedRows: number,
  id: string,
  assemble: (measured: MeasuredRows) => MatrixRecord,
): WatchedCell {
  let spent: Effort = noEffort;
  const counted = new Set<string>();
  const watched = rows.map(({ record, evaluation }) => {
    const answering = counted.has(record.evaluation) ? noEffort : evaluation.effort;
    counted.add(record.evaluation);
    spent = addEfforts([spent, record.learnEffort, answering]);
    return { row: record.row, spent };
  });
  return { id, matrix: assemble(measuredRows(rows)), rows: watched, plannedRows };
}
