import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { MatrixRecord } from "../../contract/result.js";
import { type MeasuredCell, matrixOfCells } from "./cells.js";
import { recordsOf } from "./delimited-table.js";
import { taskNames } from "./read-matrix.js";
import { type Field, invalid, readText, scoreOf } from "./table.js";

const header = ["eval_exp", "training_exp", "eval_accuracy", "eval_loss", "forgetting"];

/**
 * Reads what Avalanche's CSVLogger wrote: `eval_results.csv`, or its folder. An evaluation before any
 * training, whose `training_exp` is None, gives row 0.
 */
export function readAvalanche(path: string): MatrixRecord {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "eval_results.csv") : path;
  const [first, ...records] = recordsOf(readText(file), file) as [Field[], ...Field[][]];
  if (first.map(({ value }) => value).join() !== header.join()) {
    const fix = `Give eval_results.csv of Avalanche's CSVLogger; its first line is ${header.join(",")}.`;
    throw invalid("these are no evaluations of Avalanche", fix, first[0]!.at);
  }
  const cells = records.map((record): MeasuredCell => {
    if (record.length !== header.length) {
      throw invalid(`the line has ${record.length} values, not ${header.length}`, "Give the file as it was written.", {
        ...record[0]!.at,
      });
    }
    const [evaluated, trained, accuracy] = record as [Field, Field, Field];
    const row = trained.value === "None" ? 0 : experienceOf(trained) + 1;
    return { row, column: experienceOf(evaluated), score: scoreOf(accuracy, false), at: evaluated.at };
  });
  const count = Math.max(0, ...cells.flatMap(({ row, column }) => [row, column + 1]));
  return matrixOfCells(file, taskNames(count), cells);
}

function experienceOf({ value, at }: Field): number {
  if (/^\d{1,4}$/.test(String(value))) return Number(value);
  throw invalid(`"${value}" is no experience`, "Experiences are numbered from 0.", at);
}
