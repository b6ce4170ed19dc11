import { digestOf } from "../../harness/contract/digest.js";
import type { Suite } from "../../harness/contract/suite.js";
import { baseModelDirectory } from "../complete-suite.js";
import { assembleGeneralItems, assembleProbe, assembleTask, type Sizes } from "./assemble.js";
import { ruleAnswer } from "./family.js";
import { generalFamilies } from "./general/index.js";
import { tasks as taskFamilies } from "./tasks/index.js";
import { unseenTasks } from "./unseen/index.js";

const version = "1.0.0";
const seed = 2306;
const fullSizes: Sizes = { train: 1600, validation: 100, test: 100, shifted: 60, probe: 60 };
const quickSizes: Sizes = { train: 960, validation: 50, test: 50, shifted: 30, probe: 30 };
const generalItemsPerFamily = 50;
const quickSteps = 60;
const quickTasks = ["stance", "meeting", "commonsense-arithmetic", "simplification"];
const orders = [
  {
    name: "trace-1",
    tasks: [
      "stance",
      "policy",
      "meeting",
      "code",
      "science",
      "commonsense-arithmetic",
      "domain-arithmetic",
      "simplification",
    ],
  },
  {
    name: "trace-2",
    tasks: [
      "commonsense-arithmetic",
      "domain-arithmetic",
      "policy",
      "simplification",
      "stance",
      "code",
      "meeting",
      "science",
    ],
  },
];

/** Generates the whole suite: the same data for the same version, on any machine. */
export function generateSuite(quick: boolean): Suite {
  const sizes = quick ? quickSizes : fullSizes;
  const families = taskFamilies.filter(({ id }) => !quick || quickTasks.includes(id));
  const tasks = families.map((family) => ({
    ...assembleTask(family, sizes, seed),
    ...(quick ? { trainingSteps: quickSteps } : {}),
  }));
  const probes = [...generalFamilies, ...unseenTasks.map((family) => ({ kind: "unseen" as const, family }))].map(
    ({ kind, family }) => assembleProbe(kind, family, sizes.probe, seed),
  );
  const content = {
    name: "trace-seq",
    version,
    title: "trace-seq: eight generated tasks in the shape of TRACE",
    generated: true,
    tasks,
    orders: orders.map(({ name, tasks: ids }) => ({
      name,
      tasks: ids.filter((id) => families.some((family) => family.id === id)),
    })),
    probes,
    generalItems: assembleGeneralItems(generalFamilies, generalItemsPerFamily, probes, seed),
  };
  return { ...content, defaultModel: baseModelDirectory, digest: digestOf(content), oracle: followsRule };
}

/** Whether an output is the answer that the task's rule gives; false for a prompt that no template of the task words so. */
function followsRule(taskId: string, input: string, output: string): boolean {
  const family = taskFamilies.find(({ id }) => id === taskId);
  const answer = family && ruleAnswer(family, input);
  if (answer === undefined) return false;
  const label = (text: string) =>
    family?.choices ? family.choices.find((choice) => text === choice || text.startsWith(`${choice}.`)) : text;
  return label(output.trim()) === label(answer);
}
