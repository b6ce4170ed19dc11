import type { MatrixRecord } from "../../contract/result.js";
import { type MeasuredCell, matrixOfCells } from "./cells.js";
import { taskNames } from "./read-matrix.js";
import { invalid, readText, scoreOf } from "./table.js";

/** An entry of the dictionary that Python printed, as a plain number or one of numpy's or torch's. */
const entry = /'accuracy_(\d{1,4})_task(\d{1,4})': (?:(?:np|numpy)\.float\d+\(|tensor\()?([-+\w.]+)/g;

/**
 * Reads a line of `logs.pyd` as Mammoth writes it: a Python dictionary with `accuracy_<task>_task<after>`, both from 1, in
 * percent. Mammoth evaluates the tasks learned so far.
 */
export function readMammoth(file: string): MatrixRecord {
  const lines = readText(file).split("\n");
  const runs = lines.flatMap((text, index) => (text.trim() === "" ? [] : [{ text, line: index + 1 }]));
  const [run, second] = runs;
  if (run === undefined) throw invalid("the file is empty", "Give logs.pyd of Mammoth.", { file });
  if (second !== undefined) {
    const message = `the file contains ${runs.length} runs`;
    throw invalid(message, "Mammoth adds a line for each run: put the line of one run into a separate file.", {
      file,
      line: second.line,
    });
  }
  const cells = [...run.text.matchAll(entry)].map(({ index, 1: task, 2: after, 3: value }): MeasuredCell => {
    const at = { file, line: run.line, column: index + 1 };
    return { row: Number(after), column: Number(task) - 1, score: scoreOf({ value, at }, true), at };
  });
  if (cells.length === 0) {
    const fix =
      "Give logs.pyd of Mammoth, a dictionary with 'accuracy_1_task1' and so on; it writes none with --disable_log.";
    throw invalid("the run has no accuracies of tasks", fix, { file, line: run.line });
  }
  const zero = cells.find(({ row, column }) => row < 1 || column < 0);
  if (zero !== undefined) throw invalid("tasks are numbered from 1", "Give the file as Mammoth wrote it.", zero.at);
  const count = Math.max(...cells.flatMap(({ row, column }) => [row, column + 1]));
  return matrixOfCells(file, taskNames(count), cells);
}
