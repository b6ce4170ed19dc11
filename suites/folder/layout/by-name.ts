import { basename, dirname, extname, join } from "node:path";
import { groupBy } from "../../../harness/metrics/statistics/clusters.js";
import { dataExtensions } from "../formats/index.js";
import { type Split, splitNames, splitOf, type TaskFiles } from "./task-files.js";

/** A file whose name or folder gives its split. */
interface Placed {
  path: string;
  /** Folder of the task, by its parts; a prefix of the file's name comes last where that names the task. */
  task: string[];
  split: Split;
  /** The word that gave the split. */
  word: string;
  /** One of several pieces of a split, such as train-00000-of-00002. */
  shard: boolean;
}

const words = Object.values(splitNames).flat().join("|");
const whole = new RegExp(`^(${words})([-_.]\\d+(?:-of-\\d+)?)?$`, "i");
const prefixed = new RegExp(`^(.+)[-_.](${words})([-_.]\\d+(?:-of-\\d+)?)?$`, "i");

/** Ways in which a path can give the split, most common first; the first that any file follows applies to all. */
const conventions: ((path: string, folder: string[], stem: string) => Placed | undefined)[] = [
  // task/train.json, task/train-00000-of-00002.parquet
  (path, folder, stem) => {
    const match = whole.exec(stem);
    return match === null ? undefined : placed(path, folder, match[1]!, match[2]);
  },
  // task/train/0000.parquet
  (path, folder) => {
    const word = folder.at(-1);
    return word === undefined || splitOf(word) === undefined ? undefined : placed(path, folder.slice(0, -1), word, "0");
  },
  // task.train.json, task_test.csv
  (path, folder, stem) => {
    const match = prefixed.exec(stem);
    return match === null ? undefined : placed(path, [...folder, match[1]!], match[2]!, match[3]);
  },
];

function placed(path: string, task: string[], word: string, shard: string | undefined): Placed {
  return { path, task, word, split: splitOf(word)!, shard: shard !== undefined };
}

/**
 * Finds tasks by the names of files: a folder for each task, or one task in the directory itself. Only the topmost level
 * that has any counts. Where no file gives a split, each file is a task.
 *
 * @param paths relative paths of all data files.
 * @param root the task's name where the directory itself is one.
 */
export function tasksByName(directory: string, paths: readonly string[], root: string): TaskFiles[] {
  const split = (path: string) => path.split("/");
  const stemOf = (path: string) => basename(path, extname(path));
  for (const convention of conventions) {
    const found = paths.flatMap((path) => convention(path, split(path).slice(0, -1), stemOf(path)) ?? []);
    if (found.length === 0) continue;
    const depth = Math.min(...found.map(({ task }) => task.length));
    return grouped(
      directory,
      found.filter(({ task }) => task.length === depth),
      root,
    );
  }
  const depth = Math.min(...paths.map((path) => split(path).length));
  return paths
    .filter((path) => split(path).length === depth)
    .map((path) => ({ name: stemOf(path), directory, splits: {}, whole: [join(directory, path)], notes: [] }));
}

function grouped(directory: string, files: Placed[], root: string): TaskFiles[] {
  const folders = groupBy(files, ({ task }) => task.join("/"));
  const last = [...folders.keys()].map((folder) => basename(folder));
  return Array.from(folders, ([folder, members]) => {
    const own = basename(folder);
    // data/train-00000-of-00001.parquet is how the Hub lays out a data set without a configuration name.
    const unnamed = folder === "" || (folders.size === 1 && own === "data" && members.every(({ shard }) => shard));
    const unique = last.filter((name) => name === own).length === 1;
    const task: TaskFiles = {
      name: unnamed ? root : unique ? own : folder.replaceAll("/", "-"),
      directory: dirname(join(directory, members[0]!.path)),
      splits: {},
      whole: [],
      notes: [],
    };
    for (const split of Object.keys(splitNames) as Split[]) {
      const choice = choose(members.filter((file) => file.split === split));
      if (choice.read.length > 0) task.splits[split] = choice.read.map((path) => join(directory, path));
      const [read] = choice.read;
      if (choice.unread.length > 0) task.notes.push(`not read: ${choice.unread.join(", ")}, since ${read} is`);
    }
    return task;
  });
}

/** The files of a split that are read: of one word and one format, whole rather than in pieces. */
function choose(files: Placed[]): { read: string[]; unread: string[] } {
  const rank = ({ path, word, split, shard }: Placed) =>
    100 * splitNames[split].indexOf(word.toLowerCase()) +
    2 * dataExtensions.indexOf(extname(path).toLowerCase()) +
    (shard ? 1 : 0);
  const best = Math.min(...files.map(rank));
  const candidates = files.filter((file) => rank(file) === best);
  // Names that differ in case alone: the last in order is the lower one.
  const read = candidates[0]?.shard ? candidates : candidates.slice(-1);
  const base = (list: Placed[]) => list.map(({ path }) => path);
  return { read: base(read), unread: base(files.filter((file) => !read.includes(file))) };
}
