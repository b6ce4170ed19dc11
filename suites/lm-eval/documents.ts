import { existsSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { resolveReference } from "../../harness/hub.js";
import { readRows } from "../folder/formats/index.js";
import type { FileRow } from "../folder/formats/row.js";
import { findTasks } from "../folder/layout/index.js";
import { splitOf } from "../folder/layout/task-files.js";
import type { LmEvalTask } from "./task-config.js";

/** Formats of the `datasets` library that name no data set, and what their files end in. */
const loaders: Record<string, RegExp> = {
  json: /\.(?:json|jsonl|ndjson)$/i,
  csv: /\.[ct]sv$/i,
  parquet: /\.parquet$/i,
};

/** A row of a data set. */
export interface Document {
  values: Record<string, unknown>;
  row: FileRow;
}

/** The rows of a task's splits, each read once. */
export interface Documents {
  /** Rows of a split. Throws CONFIG_INVALID where the data has no such split. */
  of(split: string): Promise<Document[]>;
  /** The commit of a data set on the Hub. */
  revision: string | null;
}

/**
 * Finds the files of a task's data: `data_files` of the json, csv or parquet loader, from the directory of the task or the
 * working directory; or a directory, or a data set of the Hub.
 *
 * @throws CONFIG_INVALID for data that is named in another way, DATA_INVALID for rows that are no objects.
 */
export async function openDocuments(task: LmEvalTask): Promise<Documents> {
  const { files, revision } = await filesOf(task);
  const read = new Map<string, Promise<Document[]>>();
  return {
    revision,
    of(split) {
      const paths = files(split);
      if (paths === undefined)
        throw refused(task, ["dataset_path"], `the data has no split "${split}"`, "Correct its name.");
      const known = read.get(split) ?? readDocuments(paths);
      read.set(split, known);
      return known;
    },
  };
}

type Files = (split: string) => string[] | undefined;

async function filesOf(task: LmEvalTask): Promise<{ files: Files; revision: string | null }> {
  const { dataset_path: path, dataset_name: name, dataset_kwargs: { data_files: given, revision } = {} } = task.config;
  if (path === undefined) {
    throw refused(
      task,
      [],
      "the task names no data: it lacks dataset_path",
      "Write dataset_path: json and its data_files.",
    );
  }
  const loader = loaders[path];
  if (loader === undefined) {
    if (given !== undefined) {
      throw refused(
        task,
        ["dataset_kwargs", "data_files"],
        `data_files of "${path}" are not read`,
        "Use dataset_path: json, csv or parquet.",
      );
    }
    const local = [resolve(dirname(task.file), path), resolve(path)].find((directory) => existsSync(directory));
    const reference = local ?? `hf://datasets/${path}${revision === undefined ? "" : `@${revision}`}`;
    const resolved = await resolveReference(reference, "dataset");
    const found = findTasks(resolved.directory, path.split("/").at(-1)!, {});
    const chosen = found.find((each) => each.name === (name ?? found[0]!.name));
    if (chosen === undefined || (found.length > 1 && (name ?? null) === null)) {
      const names = found.map((each) => each.name).join(", ");
      throw refused(
        task,
        ["dataset_name"],
        `which configuration of "${path}" is meant is not clear`,
        `Set dataset_name to one of ${names}.`,
      );
    }
    return {
      files: (split) =>
        chosen.splits[splitOf(split) ?? ("" as "train")] ??
        (split === "train" && chosen.whole.length > 0 ? chosen.whole : undefined),
      revision: resolved.revision,
    };
  }
  if (given === undefined) {
    throw refused(
      task,
      ["dataset_path"],
      `dataset_path: ${path} needs dataset_kwargs: { data_files: … }`,
      "Name the files of each split.",
    );
  }
  const bySplit = typeof given === "string" || Array.isArray(given) ? { train: given } : given;
  const paths = new Map(
    Object.entries(bySplit).map(([split, files]) => [split, [files].flat().map((file) => pathOf(task, file, loader))]),
  );
  return { files: (split) => paths.get(split), revision: null };
}

function pathOf(task: LmEvalTask, file: string, loader: RegExp): string {
  const at = ["dataset_kwargs", "data_files"];
  if (!loader.test(file))
    throw refused(task, at, `"${file}" is not of the format of dataset_path`, "Name files by their extension.");
  const candidates = isAbsolute(file) ? [file] : [resolve(dirname(task.file), file), resolve(file)];
  const there = candidates.find((path) => existsSync(path));
  if (there === undefined)
    throw refused(task, at, `there is no file ${file}`, "Give its path from this file or the working directory.");
  return there;
}

async function readDocuments(paths: readonly string[]): Promise<Document[]> {
  const documents: Document[] = [];
  for (const path of paths) {
    for await (const row of readRows(path).rows) {
      if (row.value === null || typeof row.value !== "object" || Array.isArray(row.value)) {
        throw new BenchError("DATA_INVALID", `row ${row.number} is no object`, {
          at: row.at,
          fix: "Write rows with named columns.",
        });
      }
      documents.push({ values: row.value as Record<string, unknown>, row });
    }
  }
  return documents;
}

export function refused(task: LmEvalTask, path: string[], message: string, fix: string): BenchError {
  return new BenchError("CONFIG_INVALID", `task "${task.config.task}": ${message}`, { at: task.locate(path), fix });
}
