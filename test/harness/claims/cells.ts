import type { ArmCells } from "../../../harness/claims/judge.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import type { Observed } from "../../../harness/gate/pairing.js";

/** A finished cell of two tasks with a given OP and BWT: the first was learned to op − bwt, so that both come out. */
export function cell(order: string, seed: number, op: number, bwt = 0, itemsEach = 1000): Observed {
  const rows = [
    [0, 0],
    [op - bwt, 0],
    [op, op],
  ];
  const items = rows.map((row) => row.map(() => itemsEach));
  const nothing = rows.map((row) => row.map(() => null));
  const matrix: MatrixRecord = {
    schema: "matrix@1",
    ...{ trainer: "any", order, seed, tasks: ["one", "two"], rows, n: items, extracted: rows, valid: rows },
    ...{ shifted: nothing, probes: {}, probeKinds: {}, probeN: {}, confusion: {} },
  };
  return { order, seed, matrix };
}

/** An arm with one seed in each order. */
export const arm = (values: readonly number[], bwt: readonly number[] = []): ArmCells => ({
  cells: values.map((op, index) => cell(`order-${index}`, 1, op, bwt[index])),
  ...{ unfinished: [], deterministic: false },
});
