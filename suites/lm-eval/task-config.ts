import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ValidateFunction } from "ajv";
import type { Static } from "typebox";
import { ownSchemas } from "../../harness/config/schema-error.js";
import { readYamlFile, type YamlFile } from "../../harness/config/yaml-file.js";
import { BenchError, type ErrorLocation } from "../../harness/contract/errors.js";
import { mapOf } from "../../harness/contract/options.js";
import { packages } from "../../harness/contract/packages.js";
import { Type } from "../../harness/contract/type.js";
import { exactMatchOptions, filterFunctions, filterStep } from "./match.js";

const closed = { additionalProperties: false };
const text = Type.String();
const texts = Type.Union([text, Type.Array(text)]);
const any = Type.Unknown();

const metric = Type.Object(
  {
    metric: Type.Enum(["acc", "acc_norm", "acc_bytes", "exact_match"]),
    aggregation: Type.Optional(Type.Literal("mean")),
    higher_is_better: Type.Optional(Type.Literal(true)),
    ...exactMatchOptions,
  },
  closed,
);

/** A task of lm-evaluation-harness, as far as it means the same here. Every other key is refused by its name. */
const taskConfig = Type.Object(
  {
    task: text,
    include: Type.Optional(text),
    dataset_path: Type.Optional(text),
    dataset_name: Type.Optional(Type.Union([text, Type.Null()])),
    dataset_kwargs: Type.Optional(
      Type.Object(
        {
          data_files: Type.Optional(Type.Union([texts, mapOf(texts)])),
          revision: Type.Optional(text),
          trust_remote_code: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    training_split: Type.Optional(Type.Union([text, Type.Null()])),
    validation_split: Type.Optional(Type.Union([text, Type.Null()])),
    test_split: Type.Optional(Type.Union([text, Type.Null()])),
    fewshot_split: Type.Optional(Type.Union([text, Type.Null()])),
    output_type: Type.Optional(Type.Enum(["generate_until", "multiple_choice"])),
    description: Type.Optional(text),
    doc_to_text: Type.Optional(text),
    doc_to_target: Type.Optional(Type.Union([text, Type.Integer()])),
    doc_to_choice: Type.Optional(Type.Union([text, Type.Array(text), mapOf(text)])),
    target_delimiter: Type.Optional(text),
    fewshot_delimiter: Type.Optional(text),
    num_fewshot: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    fewshot_config: Type.Optional(
      Type.Object(
        {
          sampler: Type.Optional(Type.Enum(["first_n"])),
          samples: Type.Optional(Type.Array(mapOf(Type.Unknown()))),
        },
        closed,
      ),
    ),
    generation_kwargs: Type.Optional(
      Type.Object(
        {
          until: Type.Optional(texts),
          max_gen_toks: Type.Optional(Type.Integer({ minimum: 1 })),
          do_sample: Type.Optional(Type.Literal(false)),
          temperature: Type.Optional(Type.Literal(0)),
        },
        closed,
      ),
    ),
    metric_list: Type.Optional(Type.Array(metric, { minItems: 1 })),
    filter_list: Type.Optional(
      Type.Array(
        Type.Object(
          { name: text, filter: Type.Array(filterStep, { description: filterFunctions.join(", ") }) },
          closed,
        ),
        { minItems: 1 },
      ),
    ),
    repeats: Type.Optional(Type.Literal(1)),
    // said of a task, without meaning for its scores
    task_alias: Type.Optional(Type.Union([text, Type.Null()])),
    tag: Type.Optional(any),
    group: Type.Optional(Type.Union([texts, Type.Null()])),
    metadata: Type.Optional(any),
    should_decontaminate: Type.Optional(any),
    doc_to_decontamination_query: Type.Optional(any),
  },
  closed,
);

export type TaskConfig = Static<typeof taskConfig>;

/** A task's configuration with the file that relative paths start from. */
export interface LmEvalTask {
  config: TaskConfig;
  file: string;
  /** Where the value of a key stands; of an included file its beginning. */
  locate(path: readonly (string | number)[]): ErrorLocation;
}

let validateTask: ValidateFunction<TaskConfig> | undefined;
let validatePart: ValidateFunction<Partial<TaskConfig>> | undefined;

/** YAML files of tasks at a location: itself, or those in a directory. Names that begin with `_` are for `include`. */
export function taskFiles(location: string): string[] {
  const path = resolve(location);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isFile()) return [path];
  const files = there?.isDirectory() ? readdirSync(path).filter((name) => /^[^_.].*\.ya?ml$/i.test(name)) : [];
  if (files.length > 0) return files.sort().map((name) => join(path, name));
  throw new BenchError("DATA_INVALID", `there is no task of lm-eval at ${location}`, {
    at: { file: path },
    fix: "Give the YAML file of a task, or a directory with such files.",
  });
}

/**
 * Reads the configuration of a task with what it includes.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID that names the first key or value that is not known here.
 */
export function readTask(file: string): LmEvalTask {
  validateTask ??= compile(taskConfig);
  const own = withIncluded(file, []);
  if (validateTask(own.content)) return { config: own.content, file, locate: own.locate };
  const lacking = (validateTask.errors ?? []).find(({ keyword }) => keyword === "required");
  throw new BenchError("CONFIG_INVALID", `the task lacks "${lacking?.params.missingProperty ?? "task"}"`, {
    at: { file },
    fix: "Add it, as in the guide to new tasks of lm-evaluation-harness.",
  });
}

function withIncluded(file: string, includedBy: readonly string[]): YamlFile<Partial<TaskConfig>> {
  validatePart ??= compile({ ...taskConfig, required: [] });
  const own = readYamlFile(file, validatePart, {
    what: "the task of lm-eval",
    absent: "Check the path.",
  });
  const { include } = own.content;
  if (include === undefined) return own;
  const path = resolve(dirname(file), include);
  if (!existsSync(path) || includedBy.includes(path)) {
    throw new BenchError("CONFIG_INVALID", `include: ${include} cannot be read`, {
      at: own.locate(["include"]),
      fix: existsSync(path) ? "A file cannot include itself." : "Give the path of a YAML file from this one.",
    });
  }
  const base = withIncluded(path, [...includedBy, file]);
  return { content: { ...base.content, ...own.content }, locate: own.locate };
}

function compile<Content>(schema: object): ValidateFunction<Content> {
  return new packages.ajv.Ajv(ownSchemas).compile<Content>(schema);
}
