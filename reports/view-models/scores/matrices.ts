import { plural } from "../../../harness/contract/printable.js";
import type { RunRecord } from "../../../harness/contract/result.js";
import { heatMap } from "../../charts/heat-map.js";
import { samplesLink } from "../samples/catalog.js";
import type { Cell } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { points, shortened } from "../shared/format.js";
import { type MeanMatrix, meanMatrix } from "../shared/mean-matrix.js";

/** The accuracy matrices of one task order, one per trainer. */
export interface MatricesView {
  order: string;
  tasks: string[];
  matrices: MatrixView[];
  /** Path from the page to the run directory, ending in a slash. */
  base: string;
}

export interface MatrixView {
  name: string;
  note: string;
  chart: string;
  rows: { name: string; cells: Cell[] }[];
  /** The cells behind the mean. */
  files: { text: string; path: string }[];
}

/** @param index index of the order among those of the run. */
export function matricesView(
  { name, tasks }: RunRecord["orders"][number],
  index: number,
  entries: readonly Entry[],
  base: string,
): MatricesView {
  return {
    order: name,
    tasks,
    base,
    matrices: entries.flatMap((entry) => {
      const cells = entry.cells.filter(({ order, matrix }) => order === name && matrix !== undefined);
      const mean = meanMatrix(cells.map(({ matrix }) => matrix!));
      return mean === undefined ? [] : [matrixView(entry, name, mean, cells, `matrix-${index + 1}-${entry.anchor}`)];
    }),
  };
}

function matrixView(
  { name, trainer }: Entry,
  order: string,
  mean: MeanMatrix,
  cells: Entry["cells"],
  id: string,
): MatrixView {
  const rowNames = ["before", ...mean.tasks];
  return {
    name,
    note: mean.of === 1 ? "" : `mean of ${plural(mean.of, "seed")}`,
    chart: heatMap({
      id,
      title: `Accuracy matrix of ${name}`,
      description: `Rows: after each task; columns: score on each task. Final scores: ${endOf(mean)}.`,
      rows: rowNames.map((task, row) => (row === 0 ? task : `${row} ${shortened(task, 26)}`)),
      columns: mean.tasks.map((_, column) => String(column + 1)),
      values: mean.rows,
      stepwise: trainer.schedule === "sequence",
      link: (row, column) => samplesLink(name, mean.tasks[column]!, order, row),
    }),
    rows: mean.rows.map((line, row) => ({
      name: row === 0 ? "before" : `after ${rowNames[row]}`,
      cells: line.map((value, column) => ({
        ...{ value, text: points(value) },
        ...(value === null ? {} : { link: samplesLink(name, mean.tasks[column]!, order, row) }),
      })),
    })),
    files: cells.map(({ id: cell, seed }) => ({ text: `seed ${seed}`, path: `cells/${cell}/matrix.json` })),
  };
}

function endOf({ tasks, rows }: MeanMatrix): string {
  return tasks.map((task, column) => `${task} ${points(rows.at(-1)?.[column])}`).join(", ");
}
