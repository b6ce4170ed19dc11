import { digestOf } from "../../harness/contract/digest.js";
import type { Order, Probe, Suite } from "../../harness/contract/suite.js";
import { baseModelDirectory } from "../complete-suite.js";
import type { LoadedTask, LoadOptions } from "./load-tasks.js";

/** Changes whenever the same files would give other items or settings. */
const reading = "files@1";

export interface FileSuite {
  name: string;
  version: string;
  title: string;
  tasks: LoadedTask[];
  probes?: Probe[];
  orders: Order[];
  limits: LoadOptions;
  /** Tasks whose limit of an answer was inferred. */
  inferredLimits: string[];
  /** The commit of a data set on the Hub. */
  revision: string | null;
}

/** A suite whose tasks come from files. Its digest covers the files, the settings of the tasks and the limits. */
export function assembleFileSuite({
  name,
  version,
  title,
  tasks,
  probes = [],
  orders,
  limits,
  inferredLimits,
  revision,
}: FileSuite): Suite {
  const described = tasks.map(({ task: { train, validation, test, ...description }, digests }) => {
    const { choices } = test[0]!;
    return { ...description, choices, digests };
  });
  const suite: Suite = {
    name,
    version,
    title,
    generated: false,
    tasks: tasks.map(({ task }) => task),
    orders,
    probes,
    generalItems: [],
    defaultModel: baseModelDirectory,
    inferredLimits,
    digest: digestOf({ reading, version, tasks: described, limits, ...(probes.length > 0 && { probes }) }),
    notes: tasks.flatMap(({ notes }) => notes),
  };
  if (revision !== null) suite.revision = revision;
  return suite;
}
