import { basename } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, SuiteRequest } from "../../harness/contract/suite.js";
import { completeSuite } from "../complete-suite.js";
import { capsOf, type DataOptions } from "../folder/options.js";
import { type Loaded, loadTask, probeOf } from "./load-task.js";
import { taskFiles } from "./task-config.js";

type LmEvalOptions = Pick<DataOptions, "maxTrain" | "maxTest"> & { probes?: string[] };

/** Loads the suite `lm_eval`. Throws USAGE, CONFIG_INVALID for a probe that is no task. */
export async function loadLmEval({ location, options, quick }: SuiteRequest<LmEvalOptions>): Promise<Suite> {
  if (location === undefined) {
    throw new BenchError("USAGE", 'the suite "lm_eval" needs the YAML file of a task, or a directory of them', {
      fix: "Write bench run lm_eval:path/to/task.yaml.",
    });
  }
  const limits = capsOf(options, quick);
  const loaded: Loaded[] = [];
  for (const file of taskFiles(location)) loaded.push(await loadTask(file, limits));
  const probes = new Set(options.probes);
  const stranger = [...probes].find((name) => !loaded.some(({ task }) => task.id === name));
  if (stranger !== undefined) {
    throw new BenchError("CONFIG_INVALID", `there is no task "${stranger}"`, {
      fix: `Use ${loaded.map(({ task }) => task.id).join(", ")}.`,
    });
  }
  return suiteOf(location, loaded, probes);
}

function suiteOf(location: string, loaded: readonly Loaded[], chosen: ReadonlySet<string>): Suite {
  const learned = loaded.filter(({ task }) => task.train.length > 0 && !chosen.has(task.id));
  const tasks = learned.length > 0 ? learned : loaded.filter(({ task }) => !chosen.has(task.id)); // nothing to learn: only evaluated
  const probes = loaded.filter((each) => !tasks.includes(each));
  const [first] = loaded;
  const suite = completeSuite({
    name: "lm_eval",
    version: loaded
      .map(({ version }) => version)
      .join("-")
      .slice(0, 40),
    title: loaded.length === 1 ? `lm-eval ${first!.task.id}` : `lm-eval ${basename(location)}`,
    generated: false,
    tasks: tasks.map(({ task }) => task),
    probes: probes.map(({ task }) => probeOf(task)),
    inferredLimits: loaded.filter(({ task }) => task.mode === "likelihood").map(({ task }) => task.id),
    notes: probes.length === 0 ? [] : [`measured as probes: ${probes.map(({ task }) => task.id).join(", ")}`],
  });
  const revisions = [...new Set(loaded.map(({ revision }) => revision))];
  return revisions.length === 1 && revisions[0] !== null ? { ...suite, revision: revisions[0]! } : suite;
}
