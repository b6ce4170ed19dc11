import { plural } from "../../../harness/contract/printable.js";
import type { RunRecord } from "../../../harness/contract/result.js";
import { scoreCurve } from "../../charts/score-curve.js";
import type { Cell } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { missing } from "../shared/format.js";
import { type MeanMatrix, meanMatrix, seenTaskMeans } from "../shared/mean-matrix.js";

/** Scores over the task sequence for one order: a row per trainer, a column per task. */
export interface SequenceCurvesView {
  order: string;
  tasks: string[];
  rows: { name: string; reference: boolean; mean: CurveCell; cells: CurveCell[] }[];
}

export interface CurveCell extends Cell {
  chart: string;
}

export function sequenceCurvesView(
  { name, tasks }: RunRecord["orders"][number],
  entries: readonly Entry[],
): SequenceCurvesView {
  const measured = entries.flatMap((entry) => {
    const matrix = meanMatrix(entry.matrices.filter(({ order }) => order === name));
    // Joint learners have no rows between the first and the last: there is no curve to draw.
    return matrix === undefined || entry.trainer.schedule === "joint" ? [] : [{ entry, matrix }];
  });
  const means = measured.map(({ matrix }) => seenTaskMeans(matrix));
  return {
    order: name,
    tasks,
    rows: measured.map(({ entry, matrix }, row) => ({
      name: entry.name,
      reference: entry.bound !== null,
      mean: seenCell(
        means[row]!,
        means.filter((_, other) => other !== row),
      ),
      cells: tasks.map((_, column) => taskCell(matrix, column)),
    })),
  };
}

/** The set of tasks grows with every row, so that a difference between rows is neither a gain nor a loss. */
function seenCell(values: (number | null)[], others: (number | null)[][]): CurveCell {
  const chart = scoreCurve({ values, learnedAt: 1, shaded: false, context: others, width: 200, height: 56 });
  const last = values.at(-1) ?? null;
  return { chart, value: last, text: `${rounded(last)} at the end`, note: "mean over the tasks learned so far" };
}

function taskCell({ rows, tasks }: MeanMatrix, column: number): CurveCell {
  const values = rows.map((line) => line[column] ?? null);
  const chart = scoreCurve({ values, learnedAt: column + 1, shaded: true, width: 92, height: 56 });
  const [learned, final] = [values[column + 1] ?? null, values.at(-1) ?? null];
  const later = plural(tasks.length - column - 1, "task");
  return { chart, ...fromTo(learned, final), note: `learning accuracy, then the score ${later} later` };
}

function fromTo(from: number | null, to: number | null): Cell {
  return { value: to, text: `${rounded(from)} → ${rounded(to)}` };
}

function rounded(value: number | null): string {
  return value === null ? missing : String(Math.round(value * 100));
}
