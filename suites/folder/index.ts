import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, SuiteDefinition } from "../../harness/contract/suite.js";
import { resolveReference } from "../../harness/hub.js";
import { bodyOf, sharedAffixes } from "./affixes.js";
import { assembleFileSuite } from "./assemble.js";
import { inferSettings } from "./infer.js";
import { type Description, loadTask } from "./load-tasks.js";
import { type DataOptions, dataOptions, limitsOf } from "./options.js";
import type { Row } from "./rows.js";
import { readSettings, type TaskSettings } from "./settings.js";

/** Any data in TRACE's layout: a folder for each task with train.json, test.json and, where there is one, eval.json. */
export const folder: SuiteDefinition = {
  name: "folder",
  summary: "Your own data: <task>/{train,eval,test}.json, lists of { prompt, answer }",
  source: "files in TRACE's layout (2310.06762), by path or hf://datasets/owner/name",
  options: { properties: dataOptions("error") },
  async load({ location, options, quick }) {
    if (location === undefined) {
      throw new BenchError("USAGE", 'the suite "folder" needs a directory', {
        fix: "Write the directory instead: bench run ./data, or bench run hf://datasets/owner/name.",
      });
    }
    const { directory, revision } = await resolveReference(location, "dataset");
    return loadFolder(directory, revision, options as unknown as DataOptions, quick);
  },
};

function loadFolder(directory: string, revision: string | null, options: DataOptions, quick: boolean): Suite {
  const folders = findTasks(directory);
  const names = Object.keys(folders);
  const settings = readSettings(directory, names);
  const limits = limitsOf(options, quick);
  return assembleFileSuite({
    name: "folder",
    version: settings.version ?? "1",
    title: settings.title ?? basename(directory),
    tasks: names.map((name) =>
      loadTask(folders[name]!, name, limits, (rows) => describe(name, settings.tasks?.[name] ?? {}, rows)),
    ),
    orders: Object.entries(settings.orders ?? { alphabetical: names }).map(([name, tasks]) => ({ name, tasks })),
    limits,
    revision,
  });
}

/** Each task's folder by its name, in alphabetical order; a folder that holds the files itself is one task. */
function findTasks(directory: string): Record<string, string> {
  const holdsFiles = (path: string) =>
    ["train", "eval", "test"].some((split) => existsSync(join(path, `${split}.json`)));
  if (holdsFiles(directory)) return { [basename(directory)]: directory };
  const entries = readdirSync(directory).sort();
  const names = entries.filter((name) => holdsFiles(join(directory, name)));
  if (names.length > 0) return Object.fromEntries(names.map((name) => [name, join(directory, name)]));
  const seen = entries.length === 0 ? "it is empty" : `it holds ${entries.slice(0, 8).join(", ")}`;
  throw new BenchError("DATA_INVALID", `there is no task in this directory: ${seen}`, {
    at: { file: directory },
    fix: "Give each task a folder with train.json and test.json: lists of { prompt, answer }.",
  });
}

/** The settings of a task, completed by what its rows say. */
function describe(name: string, settings: TaskSettings, rows: readonly Row[]): Description {
  const inferred = inferSettings(rows.map(({ answer }) => answer));
  const { scorer = inferred.scorer, title = name, language = "und", maxNewTokens = inferred.maxNewTokens } = settings;
  const description: Description = {
    title,
    language,
    scorer: typeof scorer === "string" ? { name: scorer } : scorer,
    maxNewTokens,
  };
  if (settings.stop !== undefined) description.stop = settings.stop;
  const choices = settings.choices ?? (description.scorer.name === "choice" ? inferred.choices : undefined);
  if (choices !== undefined) description.choices = choices;
  if (description.scorer.name === "sari") {
    const affixes = sharedAffixes(rows.map(({ prompt }) => prompt));
    description.sourceOf = (prompt) => bodyOf(prompt, affixes);
  }
  return description;
}
