import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRegularFile } from "../../../harness/contract/files/read-file.js";
import { packages } from "../../../harness/contract/packages.js";
import { globToPattern } from "./glob.js";
import { splitOf, type TaskFiles } from "./task-files.js";

interface DataFiles {
  split: string;
  paths: string[];
}

/**
 * The tasks that the card of a data set on the Hub declares: a configuration each, with its files by split.
 *
 * @returns undefined where there is no card, or it declares no files that are there.
 */
export function tasksByCard(directory: string, paths: readonly string[], root: string): TaskFiles[] | undefined {
  const card = join(directory, "README.md");
  if (!existsSync(card)) return undefined;
  const configs = configsOf(readRegularFile(card).toString("utf8"));
  const tasks = configs.flatMap(({ name, files }) => {
    const task: TaskFiles = {
      name: configs.length === 1 ? root : name,
      directory,
      splits: {},
      whole: [],
      notes: [],
    };
    for (const { split, paths: globs } of files) {
      const matched = filesOf(directory, paths, globs);
      if (matched.length === 0) continue;
      const known = splitOf(split);
      if (known === undefined) task.notes.push(`not read: the split "${split}"`);
      else if (task.splits[known] === undefined) task.splits[known] = matched;
      else task.notes.push(`not read: the split "${split}", since there is another for ${known}`);
    }
    return Object.keys(task.splits).length === 0 ? [] : [task];
  });
  return tasks.length === 0 ? undefined : tasks;
}

/** Absolute paths of the files that any of the patterns matches, in order. */
export function filesOf(directory: string, paths: readonly string[], globs: readonly string[]): string[] {
  const patterns = globs.map(globToPattern);
  return paths.filter((path) => patterns.some((pattern) => pattern.test(path))).map((path) => join(directory, path));
}

/** The `configs` of the YAML before a card's text; what is not of the documented form is left out. */
function configsOf(text: string): { name: string; files: DataFiles[] }[] {
  const header = /^\ufeff?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1];
  if (header === undefined) return [];
  let configs: unknown;
  try {
    configs = (packages.yaml.parse(header) as { configs?: unknown } | null)?.configs;
  } catch {
    return [];
  }
  if (!Array.isArray(configs)) return [];
  return configs.flatMap((config: unknown) => {
    const { config_name: name, data_files: files } = (config ?? {}) as Record<string, unknown>;
    const listed = dataFilesOf(files);
    return typeof name === "string" && /^[\w.-]+$/.test(name) && listed.length > 0 ? [{ name, files: listed }] : [];
  });
}

/** Either one pattern or a list of them, all for training, or a list of `{ split, path }`. */
function dataFilesOf(files: unknown): DataFiles[] {
  const texts = (value: unknown) => [value].flat().filter((item): item is string => typeof item === "string");
  const plain = texts(files);
  if (plain.length > 0) return [{ split: "train", paths: plain }];
  if (!Array.isArray(files)) return [];
  return files.flatMap((entry: unknown) => {
    const { split, path } = (entry ?? {}) as Record<string, unknown>;
    return typeof split === "string" ? [{ split, paths: texts(path) }] : [];
  });
}
