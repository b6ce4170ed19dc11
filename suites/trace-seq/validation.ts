import { defineSuite } from "../../harness/contract/define.js";
import { digestOf } from "../../harness/contract/digest.js";
import type { Suite, Task } from "../../harness/contract/suite.js";

/** How many training items a task gives up, to be its validation data in place of those that are asked. */
const held = 25;

/**
 * `trace-seq` for choosing methods and options: tasks are asked on their validation data, abilities on the items of
 * general ability that `trace-seq` offers for rehearsal. No test item, no item of a probe, no shifted and no unseen data
 * occurs in it, so that what it chooses may be measured on `trace-seq`.
 */
export function validationSuiteOf(suite: Suite): Suite {
  const tasks = suite.tasks.map(
    ({ shifted: _shifted, ...task }): Task => ({
      ...task,
      test: task.validation,
      validation: task.train.slice(-held),
      train: task.train.slice(0, -held),
    }),
  );
  const probes = suite.probes
    .filter(({ kind }) => kind !== "unseen")
    .map((probe) => ({
      ...probe,
      examples: suite.generalItems.filter(({ id }) => id.startsWith(`${probe.id}/general/`)),
    }));
  const content = { name: `${suite.name}-validation`, tasks, probes, generalItems: [] };
  return {
    ...suite,
    ...content,
    title: `${suite.title}, asked on validation data`,
    digest: digestOf(content),
  };
}

/** Registered next to `trace-seq`. */
export const traceSeqValidation = defineSuite({
  name: "trace-seq-validation",
  summary:
    "trace-seq asked on validation data and on general items other than its probes: to choose methods and options by.",
  source: "As trace-seq.",
  options: {},
  load: async ({ quick }) => validationSuiteOf((await import("./generate.js")).generateSuite(quick)),
});
