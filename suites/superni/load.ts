import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, SuiteRequest } from "../../harness/contract/suite.js";
import { resolveReference } from "../../harness/hub.js";
import { assembleFileSuite } from "../folder/assemble.js";
import { inferSettings } from "../folder/infer.js";
import { filesOfTask } from "../folder/layout/index.js";
import { type LoadedTask, loadTask } from "../folder/load-tasks.js";
import { type DataOptions, limitsOf } from "../folder/options.js";
import { published } from "./published.js";
import { sequences, superniTasks } from "./tasks.js";

/** Loads the suite `superni`. Throws USAGE, DATA_INVALID where a task is missing. */
export async function loadSuperni({
  location,
  options,
  quick,
}: SuiteRequest<DataOptions & { sequence: keyof typeof sequences }>): Promise<Suite> {
  if (location === undefined) {
    throw new BenchError("USAGE", 'the suite "superni" needs the directory of its tasks', {
      fix: `Give the directory with a folder for each of ${Object.keys(superniTasks).join(", ")}, with train.json and test.json.`,
    });
  }
  const { directory, revision } = await resolveReference(location, "dataset");
  const { sequence, ...data } = options;
  const orders = sequences[sequence];
  const ids = orders[0]!.tasks;
  const missing = ids.filter((id) => !existsSync(join(directory, id)));
  if (missing.length > 0) {
    throw new BenchError("DATA_INVALID", `there is no folder of ${missing.join(", ")}`, {
      at: { file: directory },
      fix: "Give the directory with a folder for each task, or run what is there with: bench run DIRECTORY.",
    });
  }
  const limits = limitsOf(data, quick);
  const tasks: LoadedTask[] = [];
  for (const id of ids) {
    const files = filesOfTask(join(directory, id), id);
    tasks.push(
      await loadTask(files, limits, {}, (rows) => ({
        ...superniTasks[id]!,
        scorer: { name: "rouge-l" },
        maxNewTokens: inferSettings(rows.flatMap(({ references }) => references)).maxNewTokens,
      })),
    );
  }
  const suite = assembleFileSuite({
    name: "superni",
    version: "1",
    title: `SuperNI, ${sequence} tasks of SSR`,
    tasks,
    orders,
    limits,
    inferredLimits: ids,
    revision,
  });
  return { ...suite, published: published[sequence] };
}
