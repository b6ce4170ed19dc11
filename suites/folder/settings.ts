import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { suggestName } from "../../harness/config/suggest-name.js";
import { readYamlFile, type YamlFile } from "../../harness/config/yaml-file.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { ScorerReference } from "../../harness/contract/suite.js";
import type { Split } from "./layout/task-files.js";
import type { Labels } from "./shapes/cells.js";
import type { Columns } from "./shapes/columns.js";

/** What `suite.yaml` may say of one task; whatever it leaves out is inferred from the data. */
export interface TaskSettings {
  title?: string;
  language?: string;
  scorer?: string | ScorerReference;
  maxNewTokens?: number;
  choices?: string[];
  stop?: string[];
  columns?: Columns;
  labels?: Labels;
  /** Patterns of paths from the data's directory. */
  files?: Partial<Record<Split, string | string[]>>;
}

/** The content of `suite.yaml`, in the data's directory. */
export interface FolderSettings {
  title?: string;
  version?: string;
  /** For all tasks that do not say otherwise. */
  columns?: Columns;
  labels?: Labels;
  orders?: Record<string, string[]>;
  tasks?: Record<string, TaskSettings>;
}

const text = { type: "string", minLength: 1 };
const texts = { type: "array", items: text, minItems: 1, uniqueItems: true };
const columns = {
  description: "{ prompt, answer }: the name of a column, or a text with names in braces",
  type: "object",
  additionalProperties: false,
  required: ["prompt", "answer"],
  properties: { prompt: text, answer: text },
};
const labels = {
  description: "a list of words by number from 0, or a map from what the file holds to words",
  oneOf: [
    { type: "array", items: text, minItems: 1 },
    { type: "object", additionalProperties: text, minProperties: 1 },
  ],
};
const paths = { description: "a path or several, with * and **", oneOf: [text, texts] };

const schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    title: text,
    version: text,
    columns,
    labels,
    orders: { type: "object", minProperties: 1, additionalProperties: texts },
    tasks: {
      type: "object",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        properties: {
          title: text,
          language: text,
          scorer: {
            description: "the name of a scorer, or { name, options }",
            oneOf: [
              text,
              {
                type: "object",
                additionalProperties: false,
                required: ["name"],
                properties: { name: text, options: { type: "object" } },
              },
            ],
          },
          maxNewTokens: { type: "integer", minimum: 1 },
          choices: { ...texts, minItems: 2 },
          stop: texts,
          columns,
          labels,
          files: {
            type: "object",
            additionalProperties: false,
            required: ["train"],
            properties: { train: paths, validation: paths, test: paths },
          },
        },
      },
    },
  },
};

let validate: ValidateFunction<FolderSettings> | undefined;

/**
 * Reads `suite.yaml` in the data's directory, where there is one, or the file given.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readSettings(directory: string, given?: string): YamlFile<FolderSettings> {
  const file = given === undefined ? join(directory, "suite.yaml") : resolve(given);
  if (given === undefined && !existsSync(file)) return { content: {}, locate: () => ({ file }) };
  validate ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile<FolderSettings>(schema);
  return readYamlFile(file, validate, { what: "suite.yaml", absent: "Check the path and its permissions." });
}

/**
 * Checks the settings against the tasks that there are.
 *
 * @param part whether these are some of the tasks; what is said of others is then no error.
 * @throws CONFIG_INVALID with line, column and a suggestion.
 */
export function checkTasks(
  { content, locate }: YamlFile<FolderSettings>,
  tasks: readonly string[],
  part: boolean,
): void {
  const complain = (message: string, fix: string, path: (string | number)[], atKey = false): never => {
    throw new BenchError("CONFIG_INVALID", message, { fix, at: locate(path, atKey) });
  };
  for (const name of Object.keys(content.tasks ?? {})) {
    if (!part && !tasks.includes(name))
      complain(`there is no folder of a task "${name}"`, suggestName(name, tasks), ["tasks", name], true);
  }
  for (const [name, order] of Object.entries(content.orders ?? {})) {
    const stranger = order.findIndex((task) => !tasks.includes(task));
    if (!part && stranger >= 0) {
      const task = order[stranger]!;
      complain(`there is no folder of a task "${task}"`, suggestName(task, tasks), ["orders", name, stranger]);
    }
    const absent = tasks.filter((task) => !order.includes(task));
    if (absent.length > 0) {
      complain(`order "${name}" leaves out ${absent.join(", ")}`, "List every task once.", ["orders", name], true);
    }
  }
}
