import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import type { Isolation } from "../../contract/isolation.js";
import type { CostRecord, SyntheticRecord } from "../../contract/result.js";
import { type EvaluationRecord, readEvaluation } from "../evaluate/evaluation-store.js";
import type { CellState } from "../store/cell-state.js";
import { layout } from "../store/store.js";
import { upgrade } from "../store/upgrade.js";
import { isIntact } from "./checkpoint.js";
import type { Footprint, ResourceUsage } from "./cost.js";
import type { MeasuredRows } from "./matrix.js";
import type { Observation } from "./observer.js";

/** `cells/<cell>/rows/<row>.json`: what happened from the row before to this one. */
export interface RowRecord {
  schema: "row@2";
  row: number;
  /** Path of the evaluation, relative to the run. */
  evaluation: string;
  learning: CostRecord["learning"];
  /** What was written for rehearsal; absent where nothing was. */
  synthetic?: SyntheticRecord[];
  learningUsage: ResourceUsage;
  /** Seconds of saving and restoring. */
  keepingSeconds: number;
  buffer: { samples: number; bytes: number };
  checkpointBytes: number;
  footprint: Footprint;
  /** How the learner's process was kept from files; absent where it worked in the harness's own, and in earlier rows. */
  isolation?: Isolation;
  /** Measurements within what was learned; absent where none were asked for. */
  observed?: { observations: Observation[]; usage: ResourceUsage };
}

/** A finished row with its scores. */
export interface MeasuredRow {
  record: RowRecord;
  evaluation: EvaluationRecord;
}

/** The scores of finished rows, by row. */
export function measuredRows(rows: readonly MeasuredRow[]): MeasuredRows {
  return new Map(rows.map(({ record: { row }, evaluation }) => [row, evaluation.sets]));
}

/**
 * The finished rows of a cell that can be built upon: as far as their artifacts are on the disk, unharmed, and the
 * last of them has its checkpoint (row 0 needs none: a new learner is there already).
 */
export function readFinishedRows(directory: string, cell: string, finished: CellState["rows"]): MeasuredRow[] {
  const rows: MeasuredRow[] = [];
  for (const each of finished) {
    const measured = readFinishedRow(directory, cell, each);
    if (measured === undefined) break;
    rows.push(measured);
  }
  while (rows.length > 0 && !hasCheckpoint(directory, cell, finished[rows.length - 1]!)) rows.pop();
  return rows;
}

function hasCheckpoint(directory: string, cell: string, { row, artifacts }: CellState["rows"][number]): boolean {
  const path = layout.checkpoint(cell, row);
  return row === 0 || isIntact(join(directory, path), artifacts[path] ?? "");
}

/** A finished row, whatever became of its checkpoint; undefined where it is damaged. */
export function readFinishedRow(
  directory: string,
  cell: string,
  { row, artifacts }: CellState["rows"][number],
): MeasuredRow | undefined {
  const path = layout.row(cell, row);
  const file = join(directory, path);
  if (!existsSync(file)) return undefined;
  const text = readRegularFile(file).toString("utf8");
  if (sha256(text) !== artifacts[path]) return undefined;
  const record = upgrade(JSON.parse(text)) as RowRecord;
  const evaluation = readEvaluation(directory, record.evaluation, artifacts[record.evaluation] ?? "");
  if (evaluation === undefined) return undefined;
  return { record, evaluation: evaluation.record };
}
