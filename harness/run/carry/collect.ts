import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import { isIntact } from "../cell/checkpoint.js";
import type { Artifacts } from "../pool/messages.js";
import { cellStates } from "../store/cell-state.js";
import { layout } from "../store/store.js";
import type { CellLog } from "./cell-log.js";
import type { RunStore } from "./run-store.js";

/**
 * Brings the result files of a finished cell, and the checkpoints that are kept, from the store into the run.
 *
 * @throws DATA_INVALID where one is missing or is not what its digest is of.
 */
export async function collectCell(
  directory: string,
  store: RunStore,
  log: CellLog,
  artifacts: Artifacts,
  keep: "last" | "all" | "none",
): Promise<void> {
  const { cell } = log;
  for (const [path, digest] of Object.entries(artifacts.files)) {
    if (dirname(path) !== layout.cell(cell)) throw foreign(cell, path);
    await store.results.getFile(digest, pathInside(directory, path));
  }
  const { rows } = cellStates([{ id: cell }], log.events)[cell]!;
  const saved = rows.filter(({ row }) => layout.checkpoint(cell, row) in log.checkpoints);
  const kept = { all: saved, last: saved.slice(-1), none: [] }[keep];
  for (const { row, artifacts: own } of kept) {
    const path = layout.checkpoint(cell, row);
    const place = pathInside(directory, path);
    if (isIntact(place, own[path] ?? "")) continue;
    await rm(place, { recursive: true, force: true });
    await store.checkpoints(cell).getTree(log.checkpoints[path]!, place);
    if (!isIntact(place, own[path] ?? "")) throw foreign(cell, path);
  }
}

const foreign = (cell: string, path: string): BenchError =>
  new BenchError("DATA_INVALID", `the store has a file for cell ${cell} that the cell did not write: ${path}`, {
    fix: "Run the same command again with --retry-failed: the cell is computed again.",
  });
