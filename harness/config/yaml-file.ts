import { resolve } from "node:path";
import type { ValidateFunction } from "ajv";
import type { Document } from "yaml";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import { deepest, isTooDeep, withinStack } from "../contract/files/nesting.js";
import { readRegularFile } from "../contract/files/read-file.js";
import { packages } from "../contract/packages.js";
import { explainSchemaErrors } from "./schema-error.js";

/** The checked content of a YAML file, with the positions of its keys and values. */
export interface YamlFile<Content> {
  content: Content;
  /** The position of the value, or the key, at a path; of the nearest enclosing one if it is missing. */
  locate(path: readonly (string | number)[], atKey?: boolean): ErrorLocation;
}

/** How messages call the file, and what to do where it is absent. */
export interface YamlFileWords {
  what: string;
  absent: string;
}

/**
 * Reads a file of YAML or JSON and checks it against a schema. An empty file is an empty mapping.
 *
 * @param validate compiled with `allErrors` and `verbose`, which the messages need.
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readYamlFile<Content>(
  file: string,
  validate: ValidateFunction<Content>,
  words: YamlFileWords,
): YamlFile<Content> {
  const { LineCounter, parseDocument } = packages.yaml;
  const counter = new LineCounter();
  const text = readText(file, words);
  const document = withinStack(
    () => parseDocument(text, { lineCounter: counter, prettyErrors: false }),
    () => tooDeep(file),
  );
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
  const [foreign] = document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED");
  if (foreign !== undefined) {
    throw new BenchError("CONFIG_INVALID", foreign.message.split("\n")[0]!, {
      fix: "Write a plain value: code that a tag such as !function names is not run.",
      at: place(foreign.pos[0]),
    });
  }
  const locate = (path: readonly (string | number)[], atKey = false) => place(offsetOf(document, path, atKey));
  const content = contentOf(document, file);
  if (!validate(content)) {
    const [first] = explainSchemaErrors(validate.errors ?? [], content)
      .map((problem) => ({ ...problem, at: locate(problem.path, problem.atKey) }))
      .sort((a, b) => a.at.line! - b.at.line! || a.at.column! - b.at.column!);
    throw new BenchError("CONFIG_INVALID", first!.message, { fix: first!.fix, at: first!.at });
  }
  return { content, locate };
}

/** What a document says; an empty one is an empty mapping. Throws CONFIG_SYNTAX for aliases without end. */
function contentOf(document: Document, file: string): unknown {
  let content: unknown;
  try {
    content =
      withinStack(
        () => document.toJS() as unknown,
        () => tooDeep(file),
      ) ?? {};
  } catch (error) {
    if (error instanceof BenchError) throw error;
    throw new BenchError("CONFIG_SYNTAX", `its aliases cannot be resolved: ${(error as Error).message}`, {
      fix: "Write what they stand for.",
      at: { file },
      cause: error,
    });
  }
  if (isTooDeep(content)) throw tooDeep(file);
  return content;
}

const tooDeep = (file: string): BenchError =>
  new BenchError("CONFIG_SYNTAX", `it has more than ${deepest} levels, or contains itself`, {
    fix: "Remove levels of lists and mappings, and anchors around their own aliases.",
    at: { file },
  });

function readText(file: string, { what, absent }: YamlFileWords): string {
  let bytes: Buffer;
  try {
    bytes = readRegularFile(resolve(file));
  } catch (error) {
    throw new BenchError("CONFIG_INVALID", `${what} cannot be read: ${(error as Error).message}`, {
      fix: absent,
      at: { file },
      cause: error,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BenchError("CONFIG_SYNTAX", `${what} is not valid UTF-8`, {
      fix: "Save the file as UTF-8.",
      at: { file },
      cause: error,
    });
  }
}

function offsetOf(document: Document, path: readonly (string | number)[], atKey: boolean): number {
  const { isMap, isNode, isScalar } = packages.yaml;
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
