import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BenchError } from "../../../harness/contract/errors.js";
import { readRegularFile } from "../../../harness/contract/files/read-file.js";
import type { FolderSettings } from "../settings.js";
import type { BenchmarkContext } from "../shapes/cl-benchmark.js";
import { tasksByName } from "./by-name.js";
import { filesOf, tasksByCard } from "./card.js";
import { listDataFiles } from "./list-files.js";
import type { Split, TaskFiles } from "./task-files.js";

/**
 * Finds the tasks of a directory and their files, in alphabetical order: those whose files `suite.yaml` names, and those
 * of a data set card, else those given by the names of folders and files.
 *
 * @param root the task's name where the directory itself is one.
 * @throws DATA_INVALID where there is none, CONFIG_INVALID where files that were named are not there.
 */
export function findTasks(directory: string, root: string, settings: FolderSettings): TaskFiles[] {
  const paths = listDataFiles(directory);
  const declared = declaredTasks(directory, paths, settings);
  const names = new Set(declared.map(({ name }) => name));
  const found = paths.length === 0 ? [] : (tasksByCard(directory, paths, root) ?? tasksByName(directory, paths, root));
  const others = names.size > 0 && found.every(({ whole }) => whole.length > 0) ? [] : found;
  const tasks = [...declared, ...others.filter(({ name }) => !names.has(name))].map(withBenchmark);
  if (tasks.length > 0) return tasks.sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = readdirSync(directory).sort();
  const seen = entries.length === 0 ? "it is empty" : `it contains ${entries.slice(0, 8).join(", ")}`;
  throw new BenchError("DATA_INVALID", `there is no task in this directory: ${seen}`, {
    at: { file: directory },
    fix: "Give each task a folder with train and test as .json, .jsonl, .csv, .tsv or .parquet, of rows with prompt and answer.",
  });
}

/** The files of one task in its folder; none where it has no rows. */
export function filesOfTask(directory: string, name: string): TaskFiles {
  const [task] = tasksByName(directory, listDataFiles(directory), name);
  return task !== undefined && task.whole.length === 0
    ? { ...task, name }
    : { name, directory, splits: {}, whole: [], notes: [] };
}

function declaredTasks(directory: string, paths: readonly string[], { tasks = {} }: FolderSettings): TaskFiles[] {
  return Object.entries(tasks).flatMap(([name, { files }]) => {
    if (files === undefined) return [];
    const task: TaskFiles = { name, directory, splits: {}, whole: [], notes: [] };
    for (const [split, globs] of Object.entries(files) as [Split, string | string[]][]) {
      const matched = filesOf(directory, paths, [globs].flat());
      if (matched.length === 0) {
        throw new BenchError("CONFIG_INVALID", `task "${name}": no file matches ${[globs].flat().join(", ")}`, {
          at: { file: directory },
          fix: `Paths are relative to the data's directory; it contains ${paths.slice(0, 8).join(", ") || "no data files"}.`,
        });
      }
      task.splits[split] = matched;
    }
    const { train, validation, test } = task.splits;
    return train !== undefined && validation === undefined && test === undefined
      ? [{ ...task, splits: {}, whole: train }]
      : [task];
  });
}

/** O-LoRA keeps the labels of a data set next to its rows, below a folder that names the kind of task. */
function withBenchmark(task: TaskFiles): TaskFiles {
  const [file] = [...Object.values(task.splits), task.whole].flat();
  const labels = readLabels(join(dirname(file!), "labels.json"));
  if (labels === undefined) return task;
  const benchmark: BenchmarkContext = { labels, category: basename(dirname(dirname(file!))) };
  return { ...task, benchmark };
}

function readLabels(file: string): string[] | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const labels: unknown = JSON.parse(readRegularFile(file).toString("utf8"));
    return Array.isArray(labels) && labels.every((label) => typeof label === "string") ? labels : undefined;
  } catch {
    return undefined;
  }
}
