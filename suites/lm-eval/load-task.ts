import type { Probe, ProbeKind, Task, TaskDescription } from "../../harness/contract/suite.js";
import { holdOut, keepMost } from "../folder/fixed-choice.js";
import type { Caps } from "../folder/load-tasks.js";
import { type Document, openDocuments, refused } from "./documents.js";
import { exampleMaker } from "./examples.js";
import { type LmEvalTask, readTask } from "./task-config.js";

/** A task of lm-evaluation-harness with its data. */
export interface Loaded {
  task: Task;
  version: string;
  revision: string | null;
}

/** The questions of a task's test, to be asked without training. */
export function probeOf(task: Task, kind: ProbeKind = "general"): Probe {
  const { train: _train, validation: _validation, test, ...description } = task;
  return { ...description, kind, examples: test };
}

/** Reads a task with its data. Throws CONFIG_SYNTAX, CONFIG_INVALID, DATA_INVALID with file, line and fix. */
export async function loadTask(file: string, limits: Caps): Promise<Loaded> {
  const task = readTask(file);
  const { config } = task;
  const documents = await openDocuments(task);
  const { training_split: training, validation_split: validation, test_split: test } = config;
  const tested = test ?? validation;
  if (tested === undefined || tested === null) {
    throw refused(task, [], "it lacks test_split and validation_split", "Name the split with the questions.");
  }
  const shots = await shotsOf(task, documents.of);
  const maker = exampleMaker(task);
  const examples = async (split: string, most: number) => {
    const kept = keepMost(await documents.of(split), most, { stream: "lm-eval-cap", item: `${config.task}/${split}` });
    return maker.examples(
      kept.map(({ row }) => row),
      split,
      shots,
    );
  };
  const train = training ? await examples(training, limits.train) : [];
  const held = validation && test ? await examples(validation, limits.test) : [];
  const [kept, left] =
    held.length > 0 ? [train, held] : holdOut(train, { stream: "lm-eval-validation", task: config.task });
  return {
    task: {
      id: config.task,
      ...describe(task),
      train: kept,
      validation: left,
      test: await examples(tested, limits.test),
    },
    version: String((config.metadata as { version?: unknown } | undefined)?.version ?? 1),
    revision: documents.revision,
  };
}

/** Documents that are shown before a question, one more than are needed: a question is not shown before itself. */
async function shotsOf(task: LmEvalTask, of: (split: string) => Promise<Document[]>): Promise<Document[]> {
  const { num_fewshot: count, fewshot_config: { sampler, samples } = {}, fewshot_split: split } = task.config;
  if ((count ?? 0) === 0) return [];
  if (sampler !== "first_n") {
    throw refused(
      task,
      ["num_fewshot"],
      "lm-eval draws the examples by Python's random numbers, which bench does not repeat",
      "Set fewshot_config: { sampler: first_n }, or num_fewshot: 0.",
    );
  }
  const place = { file: task.file };
  const found =
    samples?.map((values, index) => ({ values, row: { value: values, number: index + 1, at: place } })) ??
    (await of(split ?? task.config.training_split ?? task.config.validation_split ?? task.config.test_split!));
  if (found.length > count!) return found.slice(0, count! + 1);
  if (samples !== undefined && found.length === count) return found;
  throw refused(task, ["num_fewshot"], `num_fewshot is ${count}, and there are ${found.length} examples`, "Lower it.");
}

/** How a task is asked and scored. */
function describe(task: LmEvalTask): Omit<TaskDescription, "id"> {
  const { task: title, output_type: kind = "generate_until", metric_list: metrics, filter_list: filters } = task.config;
  const isChoice = kind === "multiple_choice";
  const allowed = isChoice ? ["acc", "acc_norm", "acc_bytes"] : ["exact_match"];
  const [{ metric, aggregation: _a, higher_is_better: _h, ...ignored }] = metrics ?? [{ metric: allowed[0]! as "acc" }];
  const strange = metrics?.findIndex((each) => !allowed.includes(each.metric)) ?? -1;
  if (strange >= 0) {
    throw refused(
      task,
      ["metric_list"],
      `metric "${metrics![strange]!.metric}" is no metric of ${kind} here`,
      `Use ${allowed.join(", ")}.`,
    );
  }
  const common = { title, language: "und" };
  if (isChoice) {
    if (filters !== undefined)
      throw refused(task, ["filter_list"], "filters of multiple_choice are not known", "Leave filter_list out.");
    const normalizeBy = ({ acc_norm: "characters", acc_bytes: "bytes" } as const)[metric as "acc_norm"];
    return {
      ...common,
      scorer: { name: "exact-match" },
      mode: "likelihood",
      maxNewTokens: longestChoice,
      ...(normalizeBy && { normalizeBy }),
    };
  }
  const { until, max_gen_toks: maxNewTokens = 256 } = task.config.generation_kwargs ?? {};
  const [first, ...more] = (filters ?? [{ name: "none", filter: [] }]).map(({ name, filter }) => ({
    name,
    scorer: { name: "lm-eval-match", options: { ...ignored, filter } },
  }));
  return {
    ...common,
    scorer: first!.scorer,
    ...(more.length > 0 && { alsoScored: Object.fromEntries(more.map(({ name, scorer }) => [name, scorer])) }),
    maxNewTokens,
    stop: [until ?? task.config.fewshot_delimiter ?? "\n\n"].flat().filter((mark) => mark !== ""),
  };
}

/** Tokens of a choice that is trained on, until a run measures them. */
const longestChoice = 64;
