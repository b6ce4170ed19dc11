import type { MatrixRecord } from "../../contract/result.js";
import { matrixOfCells } from "./cells.js";
import { taskNames } from "./read-matrix.js";
import { type Field, invalid, readText, scoreOf } from "./table.js";

const fix =
  "Give the .txt file that GEM's main.py wrote: the untrained model's scores, a line with |, then one line a task.";

/**
 * Reads the text that GEM's own code writes: the untrained model's scores, a line with a bar, a line of scores after each
 * task, and below an empty line its summary, which is not read.
 */
export function readGem(file: string): MatrixRecord {
  const lines = readText(file).split(/\r?\n/);
  const end = lines.indexOf("", 2);
  const table = lines.slice(0, end < 0 ? undefined : end);
  if (table[1]?.trim() !== "|") throw invalid("the second line is not the bar of GEM's files", fix, { file, line: 2 });
  const rows = table.map((text, line) => fieldsOf(text, file, line + 1)).filter((_, line) => line !== 1);
  const width = rows[0]!.length;
  const odd = rows.find((row) => row.length !== width);
  if (odd !== undefined) throw invalid(`the line has ${odd.length} scores, not ${width}`, fix, odd[0]!.at);
  if (rows.length !== width + 1) {
    throw invalid(`there are ${rows.length - 1} rows for ${width} tasks`, fix, { file, line: 3 });
  }
  const cells = rows.flatMap((fields, row) =>
    fields.map((field, column) => ({ row, column, score: scoreOf(field, false), at: field.at })),
  );
  return matrixOfCells(file, taskNames(width), cells);
}

function fieldsOf(text: string, file: string, line: number): Field[] {
  return [...text.matchAll(/\S+/g)].map(({ 0: value, index }) => ({ value, at: { file, line, column: index + 1 } }));
}
