import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { CellRecord, RunRecord, TrainerRecord } from "../../contract/result.js";
import { isIntact } from "../cell/checkpoint.js";
import { layout, readRun, type StoredRun } from "../store/store.js";

/** A row of a finished cell that a new run goes on from. */
export interface Source {
  /** Absolute path of its run. */
  directory: string;
  run: RunRecord;
  cell: CellRecord;
  trainer: TrainerRecord;
  /** The tasks that were learned up to the row, in their order. */
  learned: string[];
  row: number;
  /** The measured rows before it. */
  before: number[];
  /** SHA-256 of its checkpoint. */
  digest: string;
  /** What was left out while reading its run, and what no digest protects. */
  notices: string[];
}

/**
 * Finds `<run directory>/<cell id>[:task]`: the checkpoint after that task, or after the last.
 *
 * @throws CONFIG_INVALID for another form and for a cell that has not finished, UNKNOWN_NAME for a cell or task that is
 *   not there, STORAGE where there is no run or the checkpoint is not kept, DATA_INVALID where it is damaged.
 */
export function openSource(reference: string): Source {
  const [, path, id, task] = /^(.*?)[\\/]([0-9a-f]{16})(?::(.+))?$/s.exec(reference) ?? [];
  if (path === undefined || id === undefined) {
    const known = existsSync(join(reference, layout.run)) ? ` ${cellsOf(readRun(reference))}` : "";
    throw new BenchError("CONFIG_INVALID", `"${reference}" names no cell to go on from`, {
      fix: `Give <run directory>/<cell id>, or <run directory>/<cell id>:<task>.${known}`,
    });
  }
  const directory = resolve(basename(path) === "cells" ? dirname(path) : path);
  const stored = readRun(directory);
  const { run } = stored;
  const cell = run.cells.find((candidate) => candidate.id === id);
  if (cell === undefined) {
    throw new BenchError("UNKNOWN_NAME", `the run ${run.id} has no cell ${id}`, { fix: cellsOf(stored) });
  }
  const { status, rows } = stored.cells[id]!;
  if (status !== "done") {
    throw new BenchError("CONFIG_INVALID", `the cell ${id} is ${status}: there is no finished matrix to go on with`, {
      fix: `Finish it first: ${run.command}`,
    });
  }
  const order = run.orders.find(({ name }) => name === cell.order)!.tasks;
  const row = task === undefined ? order.length : order.indexOf(task) + 1;
  const measured = rows.find((finished) => finished.row === row);
  if (row === 0 || measured === undefined) {
    const tasks = rows.flatMap((finished) => order[finished.row - 1] ?? []);
    throw new BenchError("UNKNOWN_NAME", `the cell ${id} was not measured after a task "${task}"`, {
      fix: `Give one of: ${tasks.join(", ")}.`,
    });
  }
  const checkpoint = layout.checkpoint(id, row);
  checkCheckpoint(stored, cell, order, row, measured.artifacts[checkpoint]);
  return {
    directory,
    run,
    cell,
    trainer: run.trainers.find(({ label }) => label === cell.trainer)!,
    learned: order.slice(0, row),
    row,
    before: rows.map((finished) => finished.row).filter((before) => before < row),
    digest: measured.artifacts[checkpoint]!,
    notices: stored.notices,
  };
}

function checkCheckpoint(
  { directory, cells }: StoredRun,
  { id }: CellRecord,
  order: readonly string[],
  row: number,
  digest: string | undefined,
): void {
  const file = join(directory, layout.checkpoint(id, row));
  if (digest === undefined || !existsSync(file)) {
    const kept = cells[id]!.rows.filter((other) => existsSync(join(directory, layout.checkpoint(id, other.row))));
    const there = kept.map((other) => order[other.row - 1]).join(", ") || "none";
    throw new BenchError("STORAGE", `the checkpoint after "${order[row - 1]}" was not kept (kept: ${there})`, {
      fix: `Run it again with --keep-checkpoints ${row === order.length ? "last" : "all"} and another --out.`,
      at: { file },
    });
  }
  if (isIntact(file, digest)) return;
  throw new BenchError("DATA_INVALID", "the checkpoint is not what was saved", {
    fix: "Restore its files from a copy, or go on from another task: <run directory>/<cell id>:<task>.",
    at: { file },
  });
}

function cellsOf({ run, cells }: StoredRun): string {
  const named = run.cells.map(({ id, trainer, order, seed }) => `${id} (${trainer}, ${order}, seed ${seed})`);
  const finished = named.filter((_, index) => cells[run.cells[index]!.id]!.status === "done");
  return finished.length === 0 ? "It has no finished cell." : `Its finished cells: ${finished.join("; ")}.`;
}
