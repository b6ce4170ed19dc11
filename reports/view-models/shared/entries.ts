import type { LeaderboardRow, MatrixRecord, TrainerRecord } from "../../../harness/contract/result.js";
import type { CellResult, ReportData } from "../../report-data.js";
import { anchorOf, modelName } from "./format.js";

/** One trainer of a run with its cells and results. */
export interface Entry {
  name: string;
  /** Anchor on the page. */
  anchor: string;
  trainer: TrainerRecord;
  row: LeaderboardRow;
  cells: CellResult[];
  matrices: MatrixRecord[];
  /** Whether it is a reference bound: nothing is trained, or all tasks jointly. */
  bound: "lower bound" | "upper bound" | null;
}

/** Whether a run evaluates a model without training: no trainer of it learns. */
export function isEvaluation({ trainers }: ReportData["run"]): boolean {
  return trainers.every(({ schedule }) => schedule === "once");
}

/** The trainers of a run by overall performance, best first, those without one last. */
export function entriesOf({ run, cells, leaderboard }: ReportData): Entry[] {
  // A checkpoint that was trained before the run, and not the untrained model, is no lower bound.
  const evaluated = run.source !== undefined || isEvaluation(run);
  const entries = run.trainers.map((trainer): Entry => {
    const own = cells.filter((cell) => cell.trainer === trainer.label);
    return {
      name: isEvaluation(run) && run.trainers.length === 1 ? modelName(run.model.reference) : trainer.label,
      anchor: anchorOf(trainer.label),
      trainer,
      row: leaderboard.leaderboard.find((row) => row.trainer === trainer.label)!,
      cells: own,
      matrices: own.flatMap(({ matrix }) => (matrix === undefined ? [] : [matrix])),
      bound: evaluated && trainer.schedule === "once" ? null : boundOf(trainer),
    };
  });
  const score = ({ row }: Entry) => row.metrics.op?.mean ?? Number.NEGATIVE_INFINITY;
  return entries.sort((a, b) => score(b) - score(a) || 0);
}

/** Lower bound: nothing is trained. Upper bound: joint training. */
export function boundOf({ schedule, privileges }: TrainerRecord): Entry["bound"] {
  if (schedule === "joint") return "upper bound";
  const unaided = privileges.pastData === "none" && !privileges.taskIdAtTest && privileges.generalItems === 0;
  return schedule === "once" && unaided ? "lower bound" : null;
}
