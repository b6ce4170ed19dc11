import { dirname, resolve } from "node:path";
import type { YamlFile } from "../../harness/config/yaml-file.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { Probe } from "../../harness/contract/suite.js";
import { loadTask, probeOf } from "../lm-eval/load-task.js";
import { taskFiles } from "../lm-eval/task-config.js";
import type { Caps } from "./load-tasks.js";
import type { FolderSettings } from "./settings.js";

/**
 * The probes that the settings name: tasks of lm-evaluation-harness, by paths from the file of the settings.
 *
 * @param foreign whether the settings came with a data set of the Hub: those may not name further files.
 * @throws CONFIG_INVALID, and what a task of lm-eval throws.
 */
export async function loadProbes(
  { content, locate }: YamlFile<FolderSettings>,
  limits: Caps,
  foreign: boolean,
): Promise<Probe[]> {
  const { probes: named = [] } = content;
  if (foreign && named.length > 0) {
    throw new BenchError("CONFIG_INVALID", "the settings of a data set of the Hub name files of probes", {
      fix: "Copy its suite.yaml, and give the copy as the suite option `settings`.",
      at: locate(["probes"]),
    });
  }
  const { file } = locate([]);
  const probes: Probe[] = [];
  for (const { lm_eval: path, kind } of named) {
    for (const task of taskFiles(resolve(dirname(file), path))) {
      probes.push(probeOf((await loadTask(task, limits)).task, kind));
    }
  }
  return probes;
}
