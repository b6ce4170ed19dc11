import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ValidateFunction } from "ajv";
import type { Static } from "typebox";
import { ownSchemas } from "../../harness/config/schema-error.js";
import { suggestName } from "../../harness/config/suggest-name.js";
import { readYamlFile, type YamlFile } from "../../harness/config/yaml-file.js";
import { BenchError } from "../../harness/contract/errors.js";
import { mapOf } from "../../harness/contract/options.js";
import { packages } from "../../harness/contract/packages.js";
import { Type } from "../../harness/contract/type.js";

const closed = { additionalProperties: false };
const text = Type.String({ minLength: 1 });
const texts = { minItems: 1, uniqueItems: true };
const columns = Type.Object(
  { prompt: text, answer: text, group: Type.Optional(text) },
  { ...closed, description: "{ prompt, answer, group }: the name of a column, or a text with names in braces" },
);
const labels = Type.Union([Type.Array(text, { minItems: 1 }), mapOf(text, { minProperties: 1 })], {
  description: "a list of words by number from 0, or a map from values in the file to words",
});
const paths = Type.Union([text, Type.Array(text, texts)], { description: "a path or several, with * and **" });
const scorer = Type.Union([text, Type.Object({ name: text, options: Type.Optional(mapOf(Type.Unknown())) }, closed)], {
  description: "the name of a scorer, or { name, options }",
});

/** What `suite.yaml` may say of one task; whatever it leaves out is inferred from the data. */
const taskSettings = Type.Object(
  {
    title: Type.Optional(text),
    language: Type.Optional(text),
    scorer: Type.Optional(scorer),
    maxNewTokens: Type.Optional(Type.Integer({ minimum: 1 })),
    choices: Type.Optional(Type.Array(text, { ...texts, minItems: 2 })),
    stop: Type.Optional(Type.Array(text, texts)),
    mode: Type.Optional(
      Type.Enum(["generate", "likelihood"], {
        description: "generate: the model writes an answer; likelihood: the likelihoods of the choices are compared",
      }),
    ),
    normalizeBy: Type.Optional(
      Type.Enum(["characters", "bytes"], {
        description: "what log-likelihoods are divided by before they are compared",
      }),
    ),
    columns: Type.Optional(columns),
    labels: Type.Optional(labels),
    /** Patterns of paths from the data's directory. */
    files: Type.Optional(
      Type.Object({ train: paths, validation: Type.Optional(paths), test: Type.Optional(paths) }, closed),
    ),
  },
  closed,
);

/** Questions that are asked after every task and never trained. */
const probeSettings = Type.Object(
  {
    lm_eval: Type.String({
      minLength: 1,
      description: "path of a task of lm-evaluation-harness, or of a directory with such YAML files",
    }),
    kind: Type.Optional(
      Type.Enum(["general", "instruction", "safety", "unseen"], {
        description: "what is measured; general unless given",
      }),
    ),
  },
  closed,
);

/** The content of `suite.yaml`, in the data's directory; columns and labels apply to all tasks that do not override them. */
const folderSettings = Type.Object(
  {
    title: Type.Optional(text),
    version: Type.Optional(text),
    columns: Type.Optional(columns),
    labels: Type.Optional(labels),
    orders: Type.Optional(mapOf(Type.Array(text, texts), { minProperties: 1 })),
    tasks: Type.Optional(mapOf(taskSettings)),
    probes: Type.Optional(Type.Array(probeSettings, { minItems: 1 })),
  },
  closed,
);

export type TaskSettings = Static<typeof taskSettings>;
export type FolderSettings = Static<typeof folderSettings>;

let validate: ValidateFunction<FolderSettings> | undefined;

/**
 * Reads `suite.yaml` in the data's directory, where there is one, or the file given.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readSettings(directory: string, given?: string): YamlFile<FolderSettings> {
  const file = given === undefined ? join(directory, "suite.yaml") : resolve(given);
  if (given === undefined && !existsSync(file)) return { content: {}, locate: () => ({ file }) };
  validate ??= new packages.ajv.Ajv(ownSchemas).compile<FolderSettings>(folderSettings);
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
