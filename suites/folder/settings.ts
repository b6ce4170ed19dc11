import { existsSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { suggestName } from "../../harness/config/suggest-name.js";
import { readYamlFile, type YamlFile } from "../../harness/config/yaml-file.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { ScorerReference } from "../../harness/contract/suite.js";

/** What `suite.yaml` may say of one task; whatever it leaves out is inferred from the data. */
export interface TaskSettings {
  title?: string;
  language?: string;
  scorer?: string | ScorerReference;
  maxNewTokens?: number;
  choices?: string[];
  stop?: string[];
}

/** The content of `suite.yaml`, beside the folders of the tasks. */
export interface FolderSettings {
  title?: string;
  version?: string;
  orders?: Record<string, string[]>;
  tasks?: Record<string, TaskSettings>;
}

const text = { type: "string", minLength: 1 };
const texts = { type: "array", items: text, minItems: 1, uniqueItems: true };

const schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    title: text,
    version: text,
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
        },
      },
    },
  },
};

let validate: ValidateFunction<FolderSettings> | undefined;

/**
 * Reads `suite.yaml`, where there is one, and checks it against the tasks that the folder holds.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readSettings(directory: string, tasks: readonly string[]): FolderSettings {
  const file = join(directory, "suite.yaml");
  if (!existsSync(file)) return {};
  validate ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile<FolderSettings>(schema);
  const yaml = readYamlFile(file, validate, { what: "suite.yaml", absent: "Check the path and its permissions." });
  checkTasks(yaml, tasks);
  return yaml.content;
}

function checkTasks({ content, locate }: YamlFile<FolderSettings>, tasks: readonly string[]): void {
  const complain = (message: string, fix: string, path: (string | number)[], atKey = false): never => {
    throw new BenchError("CONFIG_INVALID", message, { fix, at: locate(path, atKey) });
  };
  for (const name of Object.keys(content.tasks ?? {})) {
    if (!tasks.includes(name))
      complain(`there is no folder of a task "${name}"`, suggestName(name, tasks), ["tasks", name], true);
  }
  for (const [name, order] of Object.entries(content.orders ?? {})) {
    const stranger = order.findIndex((task) => !tasks.includes(task));
    if (stranger >= 0) {
      const task = order[stranger]!;
      complain(`there is no folder of a task "${task}"`, suggestName(task, tasks), ["orders", name, stranger]);
    }
    const absent = tasks.filter((task) => !order.includes(task));
    if (absent.length > 0) {
      complain(`order "${name}" leaves out ${absent.join(", ")}`, "List every task once.", ["orders", name], true);
    }
  }
}
