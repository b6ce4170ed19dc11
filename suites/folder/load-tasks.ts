import { createHash } from "node:crypto";
import { basename } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { type Example, type Part, type Task, type TaskDescription, textInput } from "../../harness/contract/suite.js";
import { fixedShare, holdOut, keepMost } from "./fixed-choice.js";
import type { Split, TaskFiles } from "./layout/task-files.js";
import { type ReadOptions, readSplit, type SplitRows } from "./rows.js";
import type { Row } from "./shapes/cells.js";
import type { RowSettings } from "./shapes/index.js";

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

const shareForTest = 0.2;

/**
 * Reads the files of one task. Without validation data a tenth of the training rows is held out for it; of files without
 * splits, a fifth of the prompts, or of the groups, is the test data.
 *
 * @param describe called with all rows.
 * @throws DATA_INVALID with file, line or row, and fix.
 */
export async function loadTask(
  files: TaskFiles,
  options: LoadOptions,
  settings: RowSettings,
  describe: (rows: readonly Row[]) => Description,
): Promise<LoadedTask> {
  const { name: id } = files;
  const reading: ReadOptions = { ...settings, emptyAnswers: options.emptyAnswers, benchmark: files.benchmark };
  const { train, validation, test, read, notes } = await readSplits(files, reading);
  const { choices, sourceOf, ...description } = describe([...train, ...validation, ...test]);

  const seen = createHash("sha256");
  const inputOf = ({ prompt, images }: Row): Part[] => {
    const input = images === undefined ? textInput(prompt) : settings.images!.inputOf(prompt, images);
    for (const part of input) if (part.type === "image") seen.update(part.digest);
    return input;
  };
  const examplesOf = (rows: readonly Row[], split: Split): Example[] =>
    keepMost(rows, options.caps[split], { stream: "folder-cap", item: `${id}/${split}` }).map(({ row, index }) => {
      const example: Example = {
        id: `${id}/${split}/${index}`,
        input: inputOf(row),
        references: row.references,
      };
      if (row.group !== undefined) example.group = row.group;
      if (choices !== undefined) example.choices = choices;
      if (sourceOf !== undefined) example.source = sourceOf(row.prompt);
      return example;
    });
  return {
    task: {
      id,
      ...description,
      train: examplesOf(train, "train"),
      validation: examplesOf(validation, "validation"),
      test: examplesOf(test, "test"),
    },
    digests: {
      ...Object.fromEntries(read.map(({ part, rows }) => [part, rows.digest])),
      ...(settings.images && { images: seen.digest("hex") }),
    },
    notes: [...files.notes, ...notes, ...new Set(read.flatMap(({ rows }) => rows.notes))].map(
      (note) => `${id}: ${note}`,
    ),
  };
}

interface ReadSplits extends Record<Split, Row[]> {
  /** What was read, by the name that the suite's digest knows it by. */
  read: { part: string; rows: SplitRows }[];
  notes: string[];
}

async function readSplits(files: TaskFiles, options: ReadOptions): Promise<ReadSplits> {
  const heldOut = { stream: "folder-validation", task: files.name };
  const notes: string[] = [];
  const read: ReadSplits["read"] = [];
  const rowsOf = async (part: string, paths: readonly string[]): Promise<Row[]> => {
    const rows = await readSplit(paths, options);
    const { withoutAnswer } = rows;
    read.push({ part, rows });
    if (withoutAnswer > 0) {
      notes.push(`rows with an empty answer in ${basename(paths[0]!)}, left out: ${withoutAnswer}`);
    }
    return rows.rows;
  };
  if (files.whole.length > 0) {
    const [rest, test] = holdOutPrompts(await rowsOf("rows", files.whole), files.name);
    if (test.length === 0) throw missing(files, "test");
    notes.push(
      `no splits in the file: a fixed random fifth of its ${test[0]!.group === undefined ? "prompts" : "groups"} is the test data (${test.length} rows)`,
    );
    const [train, validation] = holdOut(rest, heldOut);
    return { train, validation, test, read, notes };
  }
  for (const split of ["train", "test"] as const) if (files.splits[split] === undefined) throw missing(files, split);
  const train = await rowsOf("train", files.splits.train!);
  const held = files.splits.validation && (await rowsOf("eval", files.splits.validation));
  const test = await rowsOf("test", files.splits.test!);
  const [kept, validation] = held === undefined ? holdOut(train, heldOut) : [train, held];
  return { train: kept, validation, test, read, notes };
}

function missing({ name, directory, splits, whole }: TaskFiles, split: Split): BenchError {
  const there = [...Object.values(splits), whole].flat();
  if (whole.length > 0) {
    return new BenchError("DATA_INVALID", `task "${name}" has too few different prompts to divide`, {
      at: { file: there[0]! },
      fix: "Give train and test in files of their own, such as train.jsonl and test.jsonl.",
    });
  }
  const names = there.map((file) => basename(file)).join(", ") || "no data files";
  return new BenchError("DATA_INVALID", `task "${name}" has no ${split} data: it contains ${names}`, {
    at: { file: directory },
    fix: `Add ${split}.json (or .jsonl, .csv, .tsv, .parquet), or name a file in suite.yaml: tasks: { ${name}: { files: { train: …, test: … } } }.`,
  });
}

/** Splits off rows of a fixed random fifth of the groups, or prompts with their images, so that none is on both sides. */
function holdOutPrompts(rows: readonly Row[], task: string): [Row[], Row[]] {
  const question = ({ prompt, images = [], group }: Row) =>
    group ?? [prompt, ...images.map(({ name }) => name)].join("\0");
  const held = fixedShare([...new Set(rows.map(question))], shareForTest, { stream: "folder-test", task });
  return [rows.filter((row) => !held.has(question(row))), rows.filter((row) => held.has(question(row)))];
}
