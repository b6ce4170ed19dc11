import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import { packageRoot } from "../contract/files.js";
import { explainSchemaErrors } from "./schema-error.js";

/** The training profile, as people write it down. */
export interface TrainingProfile {
  learning_rate?: { initial?: number; decay_factor?: number; warmup_steps?: number };
  regularization?: { ewc_lambda?: number; elastic_beta?: number };
  data_mixing?: { new_ratio?: number; buffer_size?: number };
}

export interface TrainerEntry extends TrainingProfile {
  name: string;
  label?: string;
  options?: Record<string, unknown>;
}

/** What a configuration file may hold: `harness/contract/schemas/config.schema.json`. */
export interface ConfigFileContent extends TrainingProfile {
  suite?: string | { name: string; location?: string; options?: Record<string, unknown> };
  model?: string;
  trainers?: (string | TrainerEntry)[];
  seeds?: number | number[];
  orders?: number;
  workers?: number;
  threads?: number;
  device?: string;
  quick?: boolean;
  out?: string;
  keepCheckpoints?: "last" | "all" | "none";
  plugins?: string[];
}

export interface ConfigFile {
  content: ConfigFileContent;
  /** Where the value, or the key, at a path stands; the nearest thing around it when it is not there. */
  locate(path: readonly (string | number)[], atKey?: boolean): ErrorLocation;
}

let validator: ValidateFunction<ConfigFileContent> | undefined;

function validatorOfConfig(): ValidateFunction<ConfigFileContent> {
  validator ??= new Ajv({ allErrors: true, verbose: true }).compile<ConfigFileContent>(
    JSON.parse(readFileSync(join(packageRoot, "harness", "contract", "schemas", "config.schema.json"), "utf8")),
  );
  return validator;
}

/**
 * Reads a configuration in YAML or JSON and checks it against its schema.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readConfigFile(file: string): ConfigFile {
  const counter = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: counter, prettyErrors: false });
  const place = (offset: number): ErrorLocation => {
    const { line, col } = counter.linePos(offset);
    return { file, line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    throw new BenchError("CONFIG_SYNTAX", error.message.split("\n")[0]!, {
      fix: "Mend the YAML there: indent with blanks, close brackets and quotes, write a key only once.",
      at: place(error.pos[0]),
    });
  }
  const locate = (path: readonly (string | number)[], atKey = false) => place(offsetOf(document, path, atKey));
  const content = (document.toJS() ?? {}) as unknown;
  const validate = validatorOfConfig();
  if (!validate(content)) {
    const [first] = explainSchemaErrors(validate.errors ?? [], content)
      .map((problem) => ({ ...problem, at: locate(problem.path, problem.atKey) }))
      .sort((a, b) => a.at.line! - b.at.line! || a.at.column! - b.at.column!);
    throw new BenchError("CONFIG_INVALID", first!.message, { fix: first!.fix, at: first!.at });
  }
  return { content, locate };
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(resolve(file));
  } catch (error) {
    throw new BenchError("CONFIG_INVALID", `the configuration cannot be read: ${(error as Error).message}`, {
      fix: "Check the path; `bench init` writes a commented configuration.",
      at: { file },
      cause: error,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BenchError("CONFIG_SYNTAX", "the configuration is not valid UTF-8", {
      fix: "Save the file as UTF-8.",
      at: { file },
      cause: error,
    });
  }
}

function offsetOf(document: Document, path: readonly (string | number)[], atKey: boolean): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent) && (atKey || length < path.length)) {
      const pair = parent.items.find(
        ({ key: candidate }) => isScalar(candidate) && String(candidate.value) === String(key),
      );
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
}
