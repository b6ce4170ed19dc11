import { BenchError } from "../../contract/errors.js";
import type { CellRecord, TrainerRecord } from "../../contract/result.js";
import type { Order } from "../../contract/suite.js";
import type { Start } from "../continuation/start.js";
import { type CellDigestInput, cellId } from "./identity.js";

/** One cell of the grid with what it needs to run. */
export interface PlannedCell {
  record: CellRecord;
  trainer: TrainerRecord;
  /** Task ids. */
  order: string[];
  /** Where it goes on from another cell. */
  start?: Start;
}

/**
 * The grid trainer × order × seed.
 *
 * @param seeds of each order.
 * @param starts by label, where cells go on from another.
 * Throws CONFIG_INVALID when two of its cells are the same. */
export function gridCells(
  digestInput: CellDigestInput,
  trainers: TrainerRecord[],
  orders: Order[],
  seeds: readonly number[][],
  starts: ReadonlyMap<string, Start> = new Map(),
): PlannedCell[] {
  const cells = new Map<string, PlannedCell>();
  for (const trainer of trainers) {
    for (const [place, order] of orders.entries()) {
      for (const seed of seeds[place]!) {
        const id = cellId(digestInput, trainer, order, seed);
        const twin = cells.get(id);
        if (twin !== undefined) throw sameCell(twin.trainer.label, trainer.label, seed);
        const record: CellRecord = { id, trainer: trainer.label, order: order.name, seed };
        const start = starts.get(trainer.label);
        cells.set(id, { record, trainer, order: order.tasks, ...(start === undefined ? {} : { start }) });
      }
    }
  }
  return [...cells.values()];
}

function sameCell(first: string, second: string, seed: number): BenchError {
  return first === second
    ? new BenchError("CONFIG_INVALID", `trainer "${first}" is listed twice, or seed ${seed} is`, {
        fix: "List each trainer and each seed once.",
      })
    : new BenchError("CONFIG_INVALID", `trainers "${first}" and "${second}" have the same name and options`, {
        fix: "Remove one of them, or give them different options.",
      });
}
