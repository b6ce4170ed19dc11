import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, SuiteRequest } from "../../harness/contract/suite.js";
import { resolveReference } from "../../harness/hub.js";
import { assembleFileSuite } from "../folder/assemble.js";
import { filesOfTask } from "../folder/layout/index.js";
import { type Description, type LoadedTask, loadTask } from "../folder/load-tasks.js";
import { type DataOptions, limitsOf } from "../folder/options.js";
import { published } from "./published.js";
import { publishedNewTokens, type Scoring, type TraceTask, traceBody, traceOrders, traceTasks } from "./tasks.js";

/** Loads the suite `trace`. Throws USAGE, DATA_INVALID where a task is missing. */
export async function loadTrace({
  location,
  options,
  quick,
}: SuiteRequest<DataOptions & { scoring: Scoring }>): Promise<Suite> {
  if (location === undefined) {
    throw new BenchError("USAGE", 'the suite "trace" needs the directory of the TRACE archive', {
      fix: "Unpack the archive that the authors of TRACE publish, then: bench run trace:path/to/LLM-CL-Benchmark_5000.",
    });
  }
  const { directory, revision } = await resolveReference(location, "dataset");
  checkFolders(directory);
  const { scoring, ...data } = options;
  const limits = limitsOf(data, quick);
  const tasks: LoadedTask[] = [];
  for (const task of traceTasks) {
    const files = filesOfTask(join(directory, task.id), task.id);
    tasks.push(await loadTask(files, limits, {}, () => describe(task, scoring)));
  }
  const suite = assembleFileSuite({
    name: "trace",
    version: "2",
    title: "TRACE",
    tasks,
    orders: traceOrders,
    limits,
    inferredLimits: [],
    revision,
  });
  return scoring === "published" ? { ...suite, scoring, published } : { ...suite, scoring };
}

function describe(task: TraceTask, scoring: Scoring): Description {
  const { id, prefix, cue, scorers, ...description } = task;
  const other = scoring === "published" ? "lenient" : "published";
  const scored: Description = {
    ...description,
    scorer: scorers[scoring],
    alsoScored: { [other]: scorers[other] },
    maxNewTokens: scoring === "published" ? publishedNewTokens : task.maxNewTokens,
  };
  return scorers.lenient.name === "sari" ? { ...scored, sourceOf: (prompt) => traceBody(prompt, task) } : scored;
}

/** Throws DATA_INVALID that says which tasks are missing and what is there instead. */
function checkFolders(directory: string): void {
  const missing = traceTasks.filter(({ id }) => !existsSync(join(directory, id)));
  if (missing.length === 0) return;
  const entries = readdirSync(directory).sort();
  const inner = entries.find((name) => existsSync(join(directory, name, traceTasks[0]!.id)));
  const there = entries.length === 0 ? "it is empty" : `it contains ${entries.slice(0, 12).join(", ")}`;
  throw new BenchError(
    "DATA_INVALID",
    `${missing.length} of the 8 tasks of TRACE are missing (${missing.map(({ id }) => id).join(", ")}): ${there}`,
    {
      at: { file: directory },
      fix:
        inner === undefined
          ? "Give the directory with the eight folders, or run the tasks that are there with: bench run DIRECTORY."
          : `Give the directory inside: ${join(directory, inner)}.`,
    },
  );
}
