import { pathInside } from "../../harness/contract/files/foreign-path.js";
import { writeFileAtomically } from "../../harness/contract/files.js";
import type { Reporter } from "../../harness/contract/plugin.js";
import type { CellStatus } from "../../harness/contract/result.js";
import { EventFile, hyperparameters, scalar, text } from "./event-file.js";
import { plainNames } from "./names.js";
import { readTrackedRun, type TrackedCell, type TrackedRun } from "./tracked-run.js";

/** Event files of TensorBoard: each cell is one of its runs. */
export const renderTensorboard: Reporter["render"] = async (runDirectory, outputDirectory, context) => {
  const tracked = readTrackedRun(runDirectory, context);
  const names = plainNames(
    tracked.cells.map(({ name }) => name),
    ".=-",
  );
  return tracked.cells.map((cell, index) => {
    const seconds = Math.floor(cell.startTime / 1000);
    const path = pathInside(outputDirectory, `${names[index]}/events.out.tfevents.${seconds}.bench`);
    writeFileAtomically(path, eventsOf(tracked, cell));
    return path;
  });
};

function eventsOf(tracked: TrackedRun, cell: TrackedCell): Uint8Array {
  const [start, end] = [cell.startTime / 1000, cell.endTime === null ? null : cell.endTime / 1000];
  const file = new EventFile(start);
  file.add(0, hyperparameters(cell.parameters, { start, end }, statuses[cell.status]));
  file.add(0, [text("run/command", `    ${tracked.run.command}`)]);
  for (const { name, points } of cell.series) for (const { at, value } of points) file.add(at, [scalar(name, value)]);
  for (const [name, value] of Object.entries(cell.summary)) file.add(0, [scalar(name, value)]);
  return file.bytes();
}

/** Of TensorBoard's sessions: 0 unknown, 1 success, 2 failure, 3 running. */
const statuses: Record<CellStatus, 0 | 1 | 2 | 3> = { pending: 0, running: 3, done: 1, failed: 2, cancelled: 2 };
