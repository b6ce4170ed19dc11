import { join } from "node:path";
import { packageRoot } from "../../harness/contract/files.js";
import type { Suite, Task } from "../../harness/contract/suite.js";
import { completeSuite } from "../complete-suite.js";
import { assembleGeneralItems, assembleProbe } from "../trace-seq/assemble.js";
import { generalFamilies } from "../trace-seq/general/index.js";
import { firstTest, firstTraining, laterTest, laterTraining, validationOf } from "./questions.js";
import { drawGroups, firstCorpus, type Group, laterCorpus } from "./world.js";

const version = "1.0.0";
const seed = 2502;
const groupNames = ["1", "2", "3"];
const probeSize = { full: 40, quick: 20 };
const generalItemsPerFamily = 20;

/** Directory of the base model: that of trace-seq, trained further to answer from passages. */
export const readerDirectory = join(packageRoot, "suites/knowledge-seq/model");

const common = { language: "en", scorer: { name: "exact-match" }, maxNewTokens: 4, trainingSteps: 100 };

function tasksOf(group: Group): [Task, Task] {
  const { name } = group;
  return [
    {
      ...common,
      id: `facts-${name}`,
      title: `Facts of group ${name}`,
      train: firstTraining(group),
      validation: validationOf(group, false),
      test: firstTest(group),
      corpus: firstCorpus(group),
    },
    {
      ...common,
      id: `changes-${name}`,
      title: `Changes in group ${name}`,
      train: laterTraining(group),
      validation: validationOf(group, true),
      test: laterTest(group),
      corpus: laterCorpus(group),
    },
  ];
}

/** Generates the whole suite: the same data for the same version, on any machine. */
export function generateKnowledge(quick: boolean): Suite {
  const groups = drawGroups(groupNames, seed).slice(0, quick ? 1 : groupNames.length);
  const tasks = groups.map(tasksOf);
  const size = quick ? probeSize.quick : probeSize.full;
  const probes = generalFamilies.map(({ kind, family }) => assembleProbe(kind, family, size, seed));
  const ids = (list: Task[]) => list.map(({ id }) => id);
  const [first, later] = [tasks.map(([one]) => one), tasks.map(([, two]) => two)];
  return completeSuite({
    name: "knowledge-seq",
    version,
    title: "knowledge-seq: generated facts that are given, changed and retracted",
    generated: true,
    tasks: tasks.flat(),
    orders: [
      { name: "facts-first", tasks: ids([...first, ...later]) },
      ...(quick ? [] : [{ name: "by-group", tasks: ids(tasks.flat()) }]),
      ...(quick ? [] : [{ name: "late-groups", tasks: ids([...tasks.slice(1).flat(), ...tasks[0]!]) }]),
    ],
    probes,
    generalItems: assembleGeneralItems(generalFamilies, generalItemsPerFamily, probes, seed),
    defaultModel: readerDirectory,
  });
}
