import { basename } from "node:path";
import { suggestName } from "../../harness/config/suggest-name.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, SuiteRequest } from "../../harness/contract/suite.js";
import { resolveReference } from "../../harness/hub.js";
import { bodyOf, sharedAffixes } from "./affixes.js";
import { assembleFileSuite } from "./assemble.js";
import type { ImageFolder } from "./images.js";
import { inferSettings } from "./infer.js";
import { findTasks } from "./layout/index.js";
import { type Description, type LoadedTask, loadTask } from "./load-tasks.js";
import { type FolderOptions, limitsOf } from "./options.js";
import { loadProbes } from "./probes.js";
import { checkTasks, readSettings, type TaskSettings } from "./settings.js";
import type { Row } from "./shapes/cells.js";

/** Loads the suite `folder`. Throws USAGE where no directory is named. */
export async function loadFolderSuite({ location, options, quick }: SuiteRequest<FolderOptions>): Promise<Suite> {
  if (location === undefined) {
    throw new BenchError("USAGE", 'the suite "folder" needs a directory', {
      fix: "Write the directory instead: bench run ./data, or bench run hf://datasets/owner/name.",
    });
  }
  const { directory, revision } = await resolveReference(location, "dataset");
  return loadFolder({ suite: "folder", location, directory, revision }, options, quick);
}

/** A directory of data, and the suite that reads it. */
export interface FolderSource {
  /** The name of the suite. */
  suite: string;
  location: string;
  directory: string;
  /** The commit of a data set on the Hub. */
  revision: string | null;
  /** Where images are; they are not read unless given. */
  images?: ImageFolder;
}

/** Reads the tasks of a directory. */
export async function loadFolder(
  { suite, location, directory, revision, images }: FolderSource,
  options: FolderOptions,
  quick: boolean,
): Promise<Suite> {
  const name = revision === null ? basename(directory) : basename(location.replace(/@.*$/, ""));
  const settings = readSettings(directory, options.settings);
  const { content } = settings;
  const found = findTasks(directory, name, content);
  const names = chosenTasks(
    found.map((task) => task.name),
    options.tasks,
  );
  checkTasks(settings, names, options.tasks !== undefined);
  const limits = limitsOf(options, quick);
  const tasks: LoadedTask[] = [];
  for (const files of found.filter((task) => names.includes(task.name))) {
    const own = (Object.hasOwn(content.tasks ?? {}, files.name) && content.tasks?.[files.name]) || {};
    const { columns = content.columns, labels = content.labels } = own;
    const choices = own.choices ?? files.benchmark?.labels;
    tasks.push(
      await loadTask(files, limits, { columns, labels, images }, (rows) => {
        const description = describe(files.name, { ...own, choices }, rows);
        if (description.mode !== "likelihood" || description.choices !== undefined) return description;
        throw new BenchError("CONFIG_INVALID", `task "${files.name}" is scored by likelihood and has no choices`, {
          fix: "List them in suite.yaml: choices: [ … ].",
          at: settings.locate(["tasks", files.name, "mode"]),
        });
      }),
    );
  }
  const probes = await loadProbes(settings, limits.caps, revision !== null && options.settings === undefined);
  const orders = Object.entries(content.orders ?? { alphabetical: names });
  return assembleFileSuite({
    name: suite,
    version: content.version ?? "1",
    title: content.title ?? name,
    tasks,
    probes,
    orders: orders.map(([order, members]) => ({ name: order, tasks: members.filter((task) => names.includes(task)) })),
    limits,
    inferredLimits: [
      ...names.filter((task) => content.tasks?.[task]?.maxNewTokens === undefined),
      ...probes.filter(({ mode }) => mode === "likelihood").map(({ id }) => id),
    ],
    revision,
  });
}

/** The tasks that were asked for, in the order of the names. Throws CONFIG_INVALID for one that is not there. */
function chosenTasks(names: string[], asked: string[] | undefined): string[] {
  const stranger = asked?.find((task) => !names.includes(task));
  if (stranger === undefined) return names.filter((task) => asked?.includes(task) ?? true);
  throw new BenchError("CONFIG_INVALID", `there is no task "${stranger}"`, { fix: suggestName(stranger, names) });
}

/** The settings of a task, completed by what its rows say. */
function describe(name: string, settings: TaskSettings, rows: readonly Row[]): Description {
  const inferred = inferSettings(rows.flatMap(({ references }) => references));
  const { title = name, language = "und", maxNewTokens = inferred.maxNewTokens, mode, normalizeBy } = settings;
  const { scorer = mode === "likelihood" ? "choice" : inferred.scorer } = settings;
  const description: Description = {
    title,
    language,
    scorer: typeof scorer === "string" ? { name: scorer } : scorer,
    maxNewTokens,
  };
  if (settings.stop !== undefined) description.stop = settings.stop;
  if (mode !== undefined) description.mode = mode;
  if (normalizeBy !== undefined) description.normalizeBy = normalizeBy;
  const choices = settings.choices ?? (description.scorer.name === "choice" ? inferred.choices : undefined);
  if (choices !== undefined) description.choices = choices;
  if (description.scorer.name === "sari") {
    const affixes = sharedAffixes(rows.map(({ prompt }) => prompt));
    description.sourceOf = (prompt) => bodyOf(prompt, affixes);
  }
  return description;
}
