import type { Schedule } from "../../contract/trainer.js";

/** A segment of a cell between two measured rows of the matrix: what is learned, then the row that is measured. */
export interface Stage {
  row: number;
  /** One `learn` call each, as places in the order: one task in a sequence, all of them for a joint trainer. */
  learn: number[][];
  /** Whether the shifted tests are measured too: rows 0 and T. */
  shifted: boolean;
}

/**
 * The measured rows of a schedule over T tasks. Row 0 comes before anything is learned.
 *
 * @param start where a cell goes on from another: the row that it starts at, and the measured rows before it.
 */
export function stagesOf(schedule: Schedule, tasks: number, start?: { row: number; before: number[] }): Stage[] {
  if (start !== undefined) return continuedStages(schedule, tasks, start);
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

/** Rows up to that of the start, then what is left; joint training learns all tasks again. */
function continuedStages(schedule: Schedule, tasks: number, start: { row: number; before: number[] }): Stage[] {
  const held = [...start.before, start.row].map((row): Stage => ({ row, learn: [], shifted: row === 0 }));
  return [
    ...held,
    ...stagesOf(schedule, tasks)
      .filter(({ row }) => row > start.row)
      .map((stage) =>
        schedule === "once" ? { ...stage, learn: stage.learn.filter(([place]) => place! >= start.row) } : stage,
      ),
  ];
}
