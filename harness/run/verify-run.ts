import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { pathInside } from "../contract/files/foreign-path.js";
import { isIntact } from "./cell/checkpoint.js";
import { layout, readExamples, readSamples, type StoredRun } from "./store/store.js";

/** What was compared with the journal. */
export interface Verified {
  /** Result files with a digest. */
  files: number;
  /** Checkpoints that were kept. */
  checkpoints: number;
}

/**
 * Checks what reading a run leaves out: answers, questions, rows and checkpoints.
 *
 * @throws DATA_INVALID for the first that is not what the run wrote.
 */
export function verifyRun({ directory, run, files, cells, matrices }: StoredRun): Verified {
  if (files.has(layout.examples)) readExamples(files);
  let checkpoints = 0;
  for (const { id } of run.cells) {
    if (matrices[id] !== undefined && files.has(layout.samples(id))) readSamples(files, id);
    for (const { row, artifacts } of cells[id]!.rows) {
      const path = layout.checkpoint(id, row);
      const place = pathInside(directory, path);
      if (artifacts[path] === undefined || !existsSync(place)) continue;
      if (!isIntact(place, artifacts[path])) throw changed(join(directory, path));
      checkpoints += 1;
    }
  }
  return { files: files.count, checkpoints };
}

const changed = (file: string): BenchError =>
  new BenchError("DATA_INVALID", "the checkpoint is not what was saved", {
    fix: "Restore its files from a copy. A run does not need it any more, but another run cannot go on from it.",
    at: { file },
  });
