import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegularFile } from "../../contract/files/read-file.js";
import type { MatrixRecord } from "../../contract/result.js";
import { type MeasuredCell, matrixOfCells } from "./cells.js";
import { checkNames } from "./read-matrix.js";
import { invalid } from "./table.js";

const fileName = /^results-(\d{1,4})-(\d{1,4})-(.+)\.json$/;

/** What TRACE reports of a task, the first of these that it has, and its scale. */
const scales: Record<string, number> = { accuracy: 1, sari: 100, similarity: 100, "rouge-L": 1 };

/**
 * Reads the results of TRACE's inference: a directory of `results-<round>-<task number>-<task>.json`, both numbers from 0.
 * Each file gives what its `eval` says: accuracy, SARI, edit similarity or ROUGE-L, in this order of preference.
 */
export function readTrace(directory: string): MatrixRecord {
  const names = readNames(directory);
  const tasks: string[] = [];
  const cells = names.map((name): MeasuredCell => {
    const [, round, column, task] = fileName.exec(name)!;
    const file = join(directory, name);
    const known = tasks[Number(column)];
    if (known !== undefined && known !== task) {
      throw invalid(`task ${column} is "${task}" here and "${known}" in another file`, "Give the results of one run.", {
        file,
      });
    }
    tasks[Number(column)] = task!;
    return { row: Number(round) + 1, column: Number(column), at: { file }, ...readResult(file) };
  });
  const absent = Array.from(tasks, (task) => task === undefined).indexOf(true);
  if (absent >= 0) {
    throw invalid(`there are no results of task ${absent}`, "Give a directory with all results of a run.", {
      file: directory,
    });
  }
  checkNames(
    tasks.map((value) => ({ value, at: { file: directory } })),
    tasks.length,
    directory,
  );
  return matrixOfCells(directory, tasks, cells);
}

function readNames(directory: string): string[] {
  const fix = "Give the directory that TRACE's inference wrote: results-0-0-C-STANCE.json and the others.";
  let entries: string[];
  try {
    entries = readdirSync(directory);
  } catch (error) {
    throw invalid(`the directory cannot be read: ${(error as Error).message}`, fix, { file: directory }, error);
  }
  const names = entries.filter((name) => fileName.test(name)).sort();
  if (names.length === 0) throw invalid("there are no results of TRACE here", fix, { file: directory });
  return names;
}

function readResult(file: string): { score: number; n: number | null } {
  const fix =
    'Give the file as TRACE wrote it: { "eval": { … }, "prompts": [ … ], "results": [ … ], "labels": [ … ] }.';
  let content: { eval?: Record<string, unknown>; labels?: unknown };
  try {
    content = JSON.parse(readRegularFile(file).toString("utf8"));
  } catch (error) {
    throw invalid(`the file is not valid JSON: ${(error as Error).message}`, fix, { file }, error);
  }
  const found = content?.eval ?? {};
  const metric = Object.keys(scales).find((name) => found[name] !== undefined);
  if (metric === undefined) {
    throw invalid(`"eval" contains none of ${Object.keys(scales).join(", ")}`, fix, { file });
  }
  const score = numberIn(found[metric], metric);
  if (score === undefined) throw invalid(`"${metric}" is no number`, fix, { file });
  return { score: score / scales[metric]!, n: Array.isArray(content.labels) ? content.labels.length : null };
}

/** TRACE writes SARI as a list with an object in it. */
function numberIn(value: unknown, metric: string): number | undefined {
  if (typeof value === "number") return value;
  const inner: unknown = Array.isArray(value) ? value[0] : (value as Record<string, unknown> | null)?.[metric];
  return inner === undefined || inner === value ? undefined : numberIn(inner, metric);
}
