import { join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { CostRecord } from "../../contract/result.js";
import type { PlannedCell } from "../plan/cells.js";
import type { Stage } from "../plan/stages.js";
import type { Artifacts } from "../pool/messages.js";
import type { WorkerContext } from "../pool/worker-context.js";
import { checkRecord } from "../store/check-record.js";
import { layout } from "../store/store.js";
import { assembleCost } from "./cost-record.js";
import { assembleCurves } from "./curves.js";
import { assembleMatrix, sampleLines } from "./matrix.js";
import { type MeasuredRow, measuredRows } from "./row.js";
import { syntheticLines } from "./synthetic.js";

/**
 * Writes the artifacts of a whole cell from its rows, the matrix last.
 *
 * @throws DATA_INVALID, before a file is written that nothing could read again, where a record breaks its schema.
 * @returns the path of the matrix, and the SHA-256 of every file by path; paths are relative to the run.
 */
export function writeArtifacts(
  { record, trainer, order, start }: PlannedCell,
  rows: readonly MeasuredRow[],
  stages: readonly Stage[],
  latency: CostRecord["latency"],
  { suite, setup: { directory, observation } }: WorkerContext,
): Artifacts {
  const files: Record<string, string> = {};
  const checked = <T>(schema: string, content: T): T =>
    checkRecord(schema, content, join(directory, layout.cell(record.id)));
  const write = (path: string, text: string): void => {
    writeFileAtomically(join(directory, path), text);
    files[path] = sha256(text);
  };
  const measured = measuredRows(rows);
  const curves = observation && assembleCurves(record, order, suite, rows, stages, observation);
  if (curves !== undefined) write(layout.curves(record.id), `${JSON.stringify(checked("curves", curves))}\n`);
  write(layout.samples(record.id), sampleLines(measured));
  const synthetic = rows.flatMap((row) => row.record.synthetic ?? []);
  if (synthetic.length > 0) write(layout.synthetic(record.id), syntheticLines(synthetic));
  write(layout.cost(record.id), `${JSON.stringify(checked("cost", assembleCost(rows, latency)), null, 2)}\n`);
  const matrix = assembleMatrix(record, trainer.schedule, order, suite, measured, start?.row);
  write(layout.matrix(record.id), `${JSON.stringify(checked("matrix", matrix), null, 2)}\n`);
  return { matrix: layout.matrix(record.id), files };
}
