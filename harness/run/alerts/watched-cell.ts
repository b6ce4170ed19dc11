import type { MatrixRecord } from "../../contract/result.js";
import { addUsage, noUsage, type ResourceUsage } from "../cell/cost.js";
import type { MeasuredRows } from "../cell/matrix.js";
import { type MeasuredRow, measuredRows } from "../cell/row.js";
import type { WatchedCell } from "./detect.js";

/** What alerts are detected from: the matrix so far, and what the cell has used up to each of its rows. */
export function watchedCell(
  rows: readonly MeasuredRow[],
  plannedRows: number,
  id: string,
  assemble: (measured: MeasuredRows) => MatrixRecord,
): WatchedCell {
  let spent: ResourceUsage = noUsage;
  const counted = new Set<string>();
  const watched = rows.map(({ record, evaluation }) => {
    const answering = counted.has(record.evaluation) ? noUsage : evaluation.usage;
    counted.add(record.evaluation);
    spent = addUsage([spent, record.learningUsage, answering]);
    return { row: record.row, spent };
  });
  const scores: WatchedCell["scores"] = (dataset, set, row) => {
    const { evaluation } = rows.find(({ record }) => record.row === row) ?? {};
    const answered = evaluation?.sets.find((scored) => scored.dataset === dataset && scored.set === set);
    return answered && new Map(answered.samples.map(({ id: item, score }) => [item, score]));
  };
  return { id, matrix: assemble(measuredRows(rows)), rows: watched, plannedRows, scores };
}
