import { basename } from "node:path";
import { defineSuite } from "../../harness/contract/define.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { Suite, Task, TaskDescription } from "../../harness/contract/suite.js";
import { Type } from "../../harness/contract/type.js";
import { completeSuite } from "../complete-suite.js";
import { holdOut, keepMost } from "../folder/fixed-choice.js";
import type { Caps } from "../folder/load-tasks.js";
import { capsOf, mostRows } from "../folder/options.js";
import { type Document, openDocuments, refused } from "./documents.js";
import { exampleMaker } from "./examples.js";
import { type LmEvalTask, readTask, taskFiles } from "./task-config.js";

/** Tasks of lm-evaluation-harness: those with training data are learned, the others are probes. */
export const lmEval = defineSuite({
  name: "lm_eval",
  summary: "Tasks of lm-evaluation-harness, as YAML: bench run lm_eval:PATH; those without training data are probes",
  source: "lm-evaluation-harness: generate_until with exact_match, multiple_choice with acc and acc_norm",
  options: {
    probes: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        uniqueItems: true,
        description: "Tasks that are measured as probes although they have training data",
      }),
    ),
    maxTrain: mostRows("training rows"),
    maxTest: mostRows("test rows"),
  },
  async load({ location, options, quick }) {
    if (location === undefined) {
      throw new BenchError("USAGE", 'the suite "lm_eval" needs the YAML file of a task, or a directory of them', {
        fix: "Write bench run lm_eval:path/to/task.yaml.",
      });
    }
    const limits = capsOf(options, quick);
    const loaded: Loaded[] = [];
    for (const file of taskFiles(location)) loaded.push(await loadTask(readTask(file), limits));
    const probes = new Set(options.probes);
    const stranger = [...probes].find((name) => !loaded.some(({ task }) => task.id === name));
    if (stranger !== undefined) {
      throw new BenchError("CONFIG_INVALID", `there is no task "${stranger}"`, {
        fix: `Use ${loaded.map(({ task }) => task.id).join(", ")}.`,
      });
    }
    return suiteOf(location, loaded, probes);
  },
});

interface Loaded {
  task: Task;
  version: string;
  revision: string | null;
}

function suiteOf(location: string, loaded: readonly Loaded[], chosen: ReadonlySet<string>): Suite {
  const learned = loaded.filter(({ task }) => task.train.length > 0 && !chosen.has(task.id));
  const tasks = learned.length > 0 ? learned : loaded.filter(({ task }) => !chosen.has(task.id)); // nothing to learn: only evaluated
  const probes = loaded.filter((each) => !tasks.includes(each));
  const [first] = loaded;
  const suite = completeSuite({
    name: "lm_eval",
    version: loaded
      .map(({ version }) => version)
      .join("-")
      .slice(0, 40),
    title: loaded.length === 1 ? `lm-eval ${first!.task.id}` : `lm-eval ${basename(location)}`,
    generated: false,
    tasks: tasks.map(({ task }) => task),
    probes: probes.map(({ task: { train: _train, validation: _validation, test, ...description } }) => ({
      ...description,
      kind: "general",
      examples: test,
    })),
    inferredLimits: loaded.filter(({ task }) => task.mode === "likelihood").map(({ task }) => task.id),
    notes: probes.length === 0 ? [] : [`measured as probes: ${probes.map(({ task }) => task.id).join(", ")}`],
  });
  const revisions = [...new Set(loaded.map(({ revision }) => revision))];
  return revisions.length === 1 && revisions[0] !== null ? { ...suite, revision: revisions[0]! } : suite;
}

async function loadTask(task: LmEvalTask, limits: Caps): Promise<Loaded> {
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
