import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { random } from "../../harness/contract/random.js";
import type { Example, Task, TaskDescription } from "../../harness/contract/suite.js";
import { type Row, readSplit, type SplitFile } from "./rows.js";

/** Most items of each kind that a task keeps; a fixed random choice, in the order of the file. */
export interface Caps {
  train: number;
  validation: number;
  test: number;
}

export interface LoadOptions {
  emptyAnswers: "error" | "leave-out";
  caps: Caps;
}

/** A task with its data and the digests of the files that it came from. */
export interface LoadedTask {
  task: Task;
  digests: Record<string, string>;
  /** What was left out, in words. */
  notes: string[];
}

/** What is known of a task once its answers have been seen, and what SARI compares a row's answer with. */
export interface Description extends Omit<TaskDescription, "id"> {
  choices?: string[];
  sourceOf?(prompt: string): string;
}

const shareForValidation = 0.1;

/**
 * Reads the files of one task. Without `eval.json` a tenth of the training rows is held out for validation.
 *
 * @param describe called with all rows.
 * @throws DATA_INVALID with file, line, column and fix.
 */
export function loadTask(
  directory: string,
  id: string,
  options: LoadOptions,
  describe: (rows: readonly Row[]) => Description,
): LoadedTask {
  const need = (split: "train" | "test"): SplitFile => {
    const file = readSplit(directory, split, options.emptyAnswers);
    if (file !== undefined) return file;
    throw new BenchError("DATA_INVALID", `task "${id}" has no ${split}.json`, {
      at: { file: join(directory, `${split}.json`) },
      fix: "A task is a folder with train.json and test.json, and eval.json where there is one.",
    });
  };
  const [train, validation, test] = [need("train"), readSplit(directory, "eval", options.emptyAnswers), need("test")];
  const [trainRows, validationRows] =
    validation === undefined ? holdOut(train.rows, id) : [train.rows, validation.rows];
  const { choices, sourceOf, ...description } = describe([...trainRows, ...validationRows, ...test.rows]);

  const examplesOf = (rows: readonly Row[], split: keyof Caps): Example[] =>
    cap(rows, options.caps[split], `${id}/${split}`).map(({ row, index }) => {
      const example: Example = {
        id: `${id}/${split}/${index}`,
        input: [{ type: "text", text: row.prompt }],
        references: [row.answer],
      };
      if (choices !== undefined) example.choices = choices;
      if (sourceOf !== undefined) example.source = sourceOf(row.prompt);
      return example;
    });
  const files = { train, eval: validation, test };
  const known = Object.entries(files).flatMap(([split, file]) => (file === undefined ? [] : [{ split, file }]));
  return {
    task: {
      id,
      ...description,
      train: examplesOf(trainRows, "train"),
      validation: examplesOf(validationRows, "validation"),
      test: examplesOf(test.rows, "test"),
    },
    digests: Object.fromEntries(known.map(({ split, file }) => [split, file.digest])),
    notes: known.flatMap(({ split, file: { withoutAnswer } }) =>
      withoutAnswer === 0 ? [] : [`${id}/${split}.json: rows with an empty answer, left out: ${withoutAnswer}`],
    ),
  };
}

/** Splits off a fixed random tenth, at least one row of two. */
function holdOut(rows: readonly Row[], task: string): [Row[], Row[]] {
  const count = Math.floor(Math.max(shareForValidation * rows.length, Math.min(1, rows.length - 1)));
  const shuffled = random({ seed: 0, stream: "folder-validation", task }).shuffle(rows.map((_, index) => index));
  const held = new Set(shuffled.slice(0, count));
  return [rows.filter((_, index) => !held.has(index)), rows.filter((_, index) => held.has(index))];
}

function cap(rows: readonly Row[], most: number, item: string): { row: Row; index: number }[] {
  const numbered = rows.map((row, index) => ({ row, index }));
  if (rows.length <= most) return numbered;
  const chosen = random({ seed: 0, stream: "folder-cap", item }).sample(numbered, most);
  return chosen.sort((a, b) => a.index - b.index);
}
