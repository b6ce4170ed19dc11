import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { suggestName } from "../config/suggest-name.js";
import { BenchError } from "../contract/errors.js";
import type { CellRecord, CostRecord, MatrixRecord, RunRecord, TrainerRecord } from "../contract/result.js";
import type { RunFiles } from "../run/store/run-files.js";
import { readRun } from "../run/store/store.js";
import type { Observed, ObservedSide } from "./pairing.js";

/** A finished cell of an entry, and the files of its run, its answers among them. */
export interface EntryCell {
  files: RunFiles;
  id: string;
  order: string;
  seed: number;
  matrix: MatrixRecord;
  cost: CostRecord;
}

/** One trainer of one run: a side of a comparison. */
export interface Entry {
  run: RunRecord;
  directory: string;
  trainer: TrainerRecord;
  cells: EntryCell[];
  /** Planned cells that have not finished. */
  missing: CellRecord[];
  /** What was left out while reading, and what no digest protects. */
  notices: string[];
}

export const observedSide = ({
  cells,
  trainer,
}: {
  cells: readonly Observed[];
  trainer: Pick<TrainerRecord, "deterministic"> & { schedule?: TrainerRecord["schedule"] };
}): ObservedSide => ({
  cells,
  deterministic: trainer.deterministic === true,
  repeats: trainer.schedule === "once",
});

/** Where the further orders of a run are, each in its own run directory. */
export const extensionsOf = (directory: string): string => join(directory, "extensions");

/** Every trainer of a run as an entry, its extensions included. */
export function readEntries(directory: string): Entry[] {
  const root = resolve(directory);
  const further = existsSync(extensionsOf(root)) ? readdirSync(extensionsOf(root)).sort() : [];
  const [base, ...extensions] = [root, ...further.map((name) => join(extensionsOf(root), name))].map(readRun);
  const notices = [...new Set([base!, ...extensions].flatMap((stored) => stored.notices))];
  return base!.run.trainers.map((trainer) => {
    const finished = new Map<string, EntryCell>();
    const missing = new Map<string, CellRecord>();
    for (const stored of [base!, ...extensions]) {
      for (const cell of stored.run.cells.filter(({ trainer: label }) => label === trainer.label)) {
        if (finished.has(cell.id)) continue; // in an extension, and in the run that was itself extended later
        const matrix = stored.matrices[cell.id];
        if (matrix === undefined) missing.set(cell.id, cell);
        else finished.set(cell.id, { ...cell, files: stored.files, matrix, cost: stored.costs[cell.id]! });
      }
    }
    for (const id of finished.keys()) missing.delete(id);
    return {
      ...{ run: base!.run, directory: root, trainer, notices },
      ...{ cells: [...finished.values()], missing: [...missing.values()] },
    };
  });
}

/** Splits `runs/a:replay` into directory and trainer; a directory whose name holds a colon stays whole. */
export function parseSide(side: string): { directory: string; trainer?: string } {
  if (statSync(side, { throwIfNoEntry: false })?.isDirectory()) return { directory: side };
  const named = /^(.+):([^:]+)$/s.exec(side);
  return named === null ? { directory: side } : { directory: named[1]!, trainer: named[2]! };
}

/** The entry of a label; without one, the only entry. Throws UNKNOWN_NAME, or USAGE where several could be meant. */
export function chooseEntry(entries: readonly Entry[], label: string | undefined): Entry {
  const labels = entries.map(({ trainer }) => trainer.label);
  const directory = entries[0]!.directory;
  if (label === undefined) {
    if (entries.length === 1) return entries[0]!;
    throw new BenchError("USAGE", `${directory} holds several trainers: ${labels.join(", ")}`, {
      fix: "Name one with --trainer, or as <run>:<trainer>.",
    });
  }
  const found = entries.find(({ trainer }) => trainer.label === label);
  if (found !== undefined) return found;
  throw new BenchError("UNKNOWN_NAME", `${directory} has no trainer "${label}"`, { fix: suggestName(label, labels) });
}

/** The entry that a text names: a run directory, or `<run>:<trainer>`; `trainer` where the text names none. */
export function readEntry(text: string, trainer?: string): Entry {
  const side = parseSide(text);
  return chooseEntry(readEntries(side.directory), side.trainer ?? trainer);
}
