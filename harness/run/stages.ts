import type { Schedule } from "../contract/trainer.js";

/** A stretch of a cell between two measured rows of the matrix: what is learnt, then the row that is measured. */
export interface Stage {
  row: number;
  /** One `learn` call each, as places in the order: one task in a sequence, all of them for a joint trainer. */
  learn: number[][];
  /** Whether the shifted tests are measured too: rows 0 and T. */
  shifted: boolean;
}

/** The measured rows of a schedule over T tasks. Row 0 comes before anything is learnt. */
export function stagesOf(schedule: Schedule, tasks: number): Stage[] {
  const places = Array.from({ length: tasks }, (_, index) => index);
  const base: Stage = { row: 0, learn: [], shifted: true };
  switch (schedule) {
    case "sequence":
      return [base, ...places.map((index) => ({ row: index + 1, learn: [[index]], shifted: index === tasks - 1 }))];
    case "joint":
      return [base, { row: tasks, learn: [places], shifted: true }];
    case "once":
      return [base, { row: tasks, learn: places.map((index) => [index]), shifted: true }];
  }
}
