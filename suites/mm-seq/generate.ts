import { join } from "node:path";
import { digestOf } from "../../harness/contract/digest.js";
import { packageRoot } from "../../harness/contract/files.js";
import type { Probe, Suite } from "../../harness/contract/suite.js";
import { completeSuite } from "../complete-suite.js";
import { generateSuite } from "../trace-seq/generate.js";
import { assemblePictureTask, type Sizes } from "./assemble.js";
import { published } from "./published.js";
import { tasks } from "./tasks/index.js";

const version = "1.0.0";
const seed = 2410;
const fullSizes: Sizes = { train: 600, validation: 50, test: 80, shifted: 40 };
const quickSizes: Sizes = { train: 320, validation: 20, test: 40, shifted: 20 };
const probeSize = { full: 30, quick: 20 };
const generalItemsPerTask = 50;
const quickTasks = ["recognition", "counting", "signs"];
const quickSteps = 30;

/** Directory of the base model: that of trace-seq with a vision tower, trained in LLaVA's two stages. */
export const visionModelDirectory = join(packageRoot, "suites/mm-seq/model");

/** What the language model is asked after every task: the abilities that trace-seq probes, and trace-seq's tasks. */
export function probesOf(text: Pick<Suite, "tasks" | "probes">, quick: boolean): Probe[] {
  const size = quick ? probeSize.quick : probeSize.full;
  const abilities = text.probes.filter(({ kind }) => kind !== "unseen");
  const learned = text.tasks.map(
    ({ train: _train, validation: _validation, shifted: _shifted, test, trainingSteps: _steps, ...task }): Probe => ({
      ...task,
      kind: "general",
      examples: test,
    }),
  );
  return [...abilities, ...learned].map((probe) => ({ ...probe, examples: probe.examples.slice(0, size) }));
}

/** Generates the whole suite, and its pictures where they are not there yet: the same data for the same version, on any machine. */
export function generatePictureSuite(quick: boolean, pictures: string): Suite {
  const chosen = tasks.filter(({ id }) => !quick || quickTasks.includes(id));
  const sizes = quick ? quickSizes : fullSizes;
  const text = generateSuite(false);
  const probes = probesOf(text, quick);
  const content = {
    name: "mm-seq",
    version,
    title: "mm-seq: generated questions on pictures, and what they do to language",
    generated: true,
    tasks: chosen.map((task) => ({
      ...assemblePictureTask(task, sizes, seed, pictures),
      ...(quick ? { trainingSteps: quickSteps } : {}),
    })),
    orders: [{ name: "published", tasks: chosen.map(({ id }) => id) }],
    probes,
    generalItems: [...text.generalItems, ...text.tasks.flatMap(({ train }) => train.slice(0, generalItemsPerTask))],
    defaultModel: visionModelDirectory,
  };
  const digest = digestOf({ ...content, defaultModel: null, tasks: withoutPaths(content.tasks) });
  return completeSuite({ ...content, digest, published });
}

/** Images are what their digests say, wherever they are kept. */
const withoutPaths = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, member) => (key === "path" ? undefined : member)));
