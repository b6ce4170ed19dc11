import type { ArmCells } from "../../../harness/claims/judge.js";
import type { Observed } from "../../../harness/gate/pairing.js";
import { matrixOf } from "../metrics/matrix.js";

/** A finished cell of two tasks with a given OP and BWT: the first was learned to op − bwt, so that both come out. */
export function cell(order: string, seed: number, op: number, bwt = 0, itemsEach = 1000): Observed {
  const rows = [
    [0, 0],
    [op - bwt, 0],
    [op, op],
  ];
  const items = rows.map((row) => row.map(() => itemsEach));
  const parts = { trainer: "any", order, seed, tasks: ["one", "two"], n: items, extracted: rows, valid: rows };
  return { order, seed, matrix: matrixOf(rows, parts) };
}

/** An arm with one seed in each order. */
export const arm = (values: readonly number[], bwt: readonly number[] = []): ArmCells => ({
  cells: values.map((op, index) => cell(`order-${index}`, 1, op, bwt[index])),
  ...{ unfinished: [], deterministic: false },
});
