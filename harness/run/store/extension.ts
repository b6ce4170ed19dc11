import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { CellRecord, CellStatus, JournalEvent, RunRecord } from "../../contract/result.js";
import { differences } from "../plan/identity.js";
import type { RunPlan } from "../plan/plan.js";
import { cellStates } from "./cell-state.js";
import { layout, readEvents, readRunRecord } from "./store.js";

/**
 * The cells that a plan has beyond those of the run in its directory: none where they are the same run, some where the
 * run is to be extended.
 *
 * @throws RUN_MISMATCH where the plan lacks a cell of the run, by its digest and the names that its results bear; or has
 *   further ones, and may not extend the run.
 */
export function cellsBeyond(stored: RunRecord, { directory, record, mayExtend = false }: RunPlan): CellRecord[] {
  if (stored.configDigest === record.configDigest) return [];
  const beyond = furtherCells(stored, record);
  if (mayExtend && beyond !== undefined) return beyond;
  const keep = mayExtend
    ? "Keep the trainers, orders and seeds that the run has, and add to them; or choose"
    : "Choose";
  throw new BenchError(
    "RUN_MISMATCH",
    `${directory} belongs to another configuration: ${differences(stored, record, mayExtend).join("; ")}`,
    {
      fix: `${keep} another directory with --out, or repeat the stored run with \`${stored.command}\`.`,
      at: { file: join(directory, layout.run) },
    },
  );
}

/** The planned cells that a run lacks; undefined where the run has one that is not planned. */
export function furtherCells(stored: RunRecord, planned: RunRecord): CellRecord[] | undefined {
  const left = new Map(planned.cells.map((cell) => [keyOf(cell), cell]));
  return stored.cells.every((cell) => left.delete(keyOf(cell))) ? [...left.values()] : undefined;
}

const keyOf = ({ id, trainer, order, seed }: CellRecord): string => JSON.stringify([id, trainer, order, seed]);

/** Ids of the planned cells that are finished in the directory of a plan, and of those that failed there and are not tried again. */
export interface SettledCells {
  finished: string[];
  failed: string[];
}

/** Throws as `cellsBeyond`, and DATA_INVALID. */
export function settledCells(plan: RunPlan): SettledCells {
  const stored = readRunRecord(plan.directory);
  if (stored === undefined) return { finished: [], failed: [] };
  cellsBeyond(stored, plan);
  const states = cellStates(plan.record.cells, readEvents(plan.directory).events);
  const having = (status: CellStatus) => Object.keys(states).filter((id) => states[id]!.status === status);
  return { finished: having("done"), failed: plan.config.retryFailed ? [] : having("failed") };
}

/** What cells add to a run, for people: `4 + 8 cells: trainer ewc; orders shuffle-1, shuffle-2; seed 2`. */
export function extensionText(cells: readonly CellRecord[], added: readonly CellRecord[]): string {
  const ids = new Set(added.map(({ id }) => id));
  const before = cells.filter(({ id }) => !ids.has(id));
  const fresh = (key: "trainer" | "order" | "seed", among: readonly CellRecord[]): string[] => {
    const known = new Set(before.map((cell) => cell[key]));
    const values = [...new Set(among.map((cell) => cell[key]))].filter((value) => !known.has(value));
    return values.length === 0 ? [] : [`${key}${values.length === 1 ? "" : "s"} ${values.join(", ")}`];
  };
  const rows = new Set(before.map(rowOf)); // a further order has its own seeds, which say nothing more
  const parts = [
    ...fresh("trainer", added),
    ...fresh("order", added),
    ...fresh(
      "seed",
      added.filter((cell) => rows.has(rowOf(cell))),
    ),
  ];
  return `${before.length} + ${added.length} cells: ${parts.join("; ")}`;
}

const rowOf = ({ trainer, order }: CellRecord): string => JSON.stringify([trainer, order]);

/** How a run was extended, for people, the first time first. */
export function extensionTexts({ cells }: RunRecord, events: readonly JournalEvent[]): string[] {
  const texts: string[] = [];
  let known = cells;
  for (const event of [...events].reverse()) {
    if (event.type !== "run-extended") continue;
    const ids = new Set(event.cells);
    const added = known.filter(({ id }) => ids.has(id));
    // killed before run.json was written: its cells are of a later extension, or of none
    if (added.length < ids.size) continue;
    texts.unshift(extensionText(known, added));
    known = known.filter(({ id }) => !ids.has(id));
  }
  return texts;
}
