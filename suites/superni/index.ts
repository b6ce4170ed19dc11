import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineSuite } from "../../harness/contract/define.js";
import { BenchError } from "../../harness/contract/errors.js";
import { Type } from "../../harness/contract/type.js";
import { resolveReference } from "../../harness/hub.js";
import { assembleFileSuite } from "../folder/assemble.js";
import { inferSettings } from "../folder/infer.js";
import { filesOfTask } from "../folder/layout/index.js";
import { type LoadedTask, loadTask } from "../folder/load-tasks.js";
import { dataOptions, limitsOf } from "../folder/options.js";
import { published } from "./published.js";
import { sequences, superniTasks } from "./tasks.js";

/** The real tasks of Self-Synthesized Rehearsal (2403.01244), from files in TRACE's layout, with the paper's orders. */
export const superni = defineSuite({
  name: "superni",
  summary: "The five or ten SuperNI tasks of Self-Synthesized Rehearsal, from files: bench run superni:PATH",
  source: "SuperNI (2204.07705) as in SSR (2403.01244); its data is not part of bench",
  options: {
    sequence: Type.Enum(["five", "ten"], {
      default: "five",
      description: "Five tasks in the paper's three orders, or ten tasks in its one",
    }),
    ...dataOptions("leave-out"),
  },
  async load({ location, options, quick }) {
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
  },
});
