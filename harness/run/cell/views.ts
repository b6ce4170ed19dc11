import { random } from "../../contract/random.js";
import type { ExampleRecord } from "../../contract/result.js";
import { imagesIn, readableInput, type Suite, type Task, type TaskDescription } from "../../contract/suite.js";
import type { Privileges, TaskData, TrainingView } from "../../contract/trainer.js";
import type { QuestionSet } from "../evaluate/question-set.js";
import type { Stage } from "../plan/stages.js";

type Data = Pick<Suite, "tasks" | "probes" | "generalItems">;

/** What a trainer may see of its tasks, in the order of its cell: no test data, and nothing undeclared. */
export function trainingViews(
  suite: Data,
  order: readonly string[],
  stage: Stage,
  privileges: Privileges,
  seed: number,
): TrainingView[] {
  const tasks = order.map((id) => suite.tasks.find((task) => task.id === id)!);
  const generalItems = random({ seed, stream: "general-items" }).sample(suite.generalItems, privileges.generalItems);
  return stage.learn.map((places) => ({
    index: places[0]!,
    tasks: places.map((place) => dataOf(tasks[place]!)),
    pastValidation: privileges.validationOfPastTasks
      ? tasks.slice(0, places[0]!).map(({ corpus: _corpus, ...task }) => ({ ...dataOf(task), train: [] }))
      : [],
    generalItems,
  }));
}

/** The question sets of a row, in the suite's own order, so that cells of any order share evaluations. */
export function questionSets(suite: Data, stage: Pick<Stage, "shifted">): QuestionSet[] {
  const tests = suite.tasks.map((task): QuestionSet => ({ dataset: "test", task, examples: task.test }));
  const shifted = suite.tasks.flatMap((task): QuestionSet[] =>
    stage.shifted && task.shifted !== undefined ? [{ dataset: "shifted", task, examples: task.shifted }] : [],
  );
  const probes = suite.probes.map(
    (probe): QuestionSet => ({ dataset: "probe", task: probe, examples: probe.examples }),
  );
  return [...tests, ...shifted, ...probes];
}

/** The questions of a set as `examples.jsonl` keeps them. */
export function exampleRecords({ dataset, task, examples }: QuestionSet): ExampleRecord[] {
  return examples.map(({ id, input, references, choices, group, supports }) => ({
    id,
    set: task.id,
    dataset,
    input: readableInput(input),
    references,
    ...(task.mode === "likelihood" && choices !== undefined ? { choices } : {}),
    ...(group !== undefined && { group }),
    ...(supports !== undefined && { supports }),
    ...(imagesIn(input) > 0 && { images: input.flatMap((part) => (part.type === "image" ? [part.digest] : [])) }),
  }));
}

/** A task without its data. */
export function describeTask({
  id,
  title,
  language,
  scorer,
  maxNewTokens,
  stop,
  mode,
  normalizeBy,
  trainingSteps,
}: Task): TaskDescription {
  return {
    id,
    title,
    language,
    scorer,
    maxNewTokens,
    ...(stop === undefined ? {} : { stop }),
    ...(mode === undefined ? {} : { mode }),
    ...(normalizeBy === undefined ? {} : { normalizeBy }),
    ...(trainingSteps === undefined ? {} : { trainingSteps }),
  };
}

function dataOf(task: Task): TaskData {
  return {
    task: describeTask(task),
    train: task.train.slice(),
    validation: task.validation.slice(),
    ...(task.corpus !== undefined && { corpus: structuredClone(task.corpus) }),
  };
}
