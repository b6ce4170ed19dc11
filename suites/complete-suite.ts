import { join } from "node:path";
import { digestOf } from "../harness/contract/digest.js";
import { packageRoot } from "../harness/contract/files.js";
import type { Suite } from "../harness/contract/suite.js";

/** Directory of the base model that comes with bench. */
export const baseModelDirectory = join(packageRoot, "suites/trace-seq/model");

/** What a suite must say of itself. */
export type SuiteContent = Pick<Suite, "name" | "version" | "title" | "generated" | "tasks"> & Partial<Suite>;

/**
 * A suite of these tasks. What is not said: one order, that of the tasks; no probes; no general items; the base model that
 * comes with bench; the digest of the content.
 */
export function completeSuite(content: SuiteContent): Suite {
  const suite = {
    orders: [{ name: "as-declared", tasks: content.tasks.map(({ id }) => id) }],
    probes: [],
    generalItems: [],
    defaultModel: baseModelDirectory,
    ...content,
  };
  const { name, version, generated, tasks, orders, probes, generalItems } = suite;
  return {
    ...suite,
    digest: content.digest ?? digestOf({ name, version, generated, tasks, orders, probes, generalItems }),
  };
}
