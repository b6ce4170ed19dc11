import type { Node } from "yaml";
import { findSyntaxError } from "../../contract/files/json-syntax.js";
import { deepest, isTooDeep } from "../../contract/files/nesting.js";
import { packages } from "../../contract/packages.js";
import { type Field, invalid, locator, type TableFile } from "./table.js";

const shape = 'Give a list of rows, or { "tasks": [ … ], "rows": [ [ … ], … ] }.';

/** Reads a JSON table: a list of rows, or an object with `rows` and `tasks`. Python's NaN is let through as text. */
export function readJsonTable(text: string, file: string): TableFile {
  const { isMap, isNode, isScalar, isSeq, parseDocument } = packages.yaml;
  const locate = locator(text, file);
  const fault = findSyntaxError(text.replaceAll(/\bNaN\b/g, "0.0"));
  if (fault !== undefined) {
    const message = `the file is not valid JSON: expected ${fault.expected}`;
    throw invalid(message, "Mend it there, or give a file that ends in .csv.", locate(fault.offset));
  }
  if (isTooDeep(JSON.parse(text.replaceAll(/\bNaN\b/g, "0.0")))) {
    throw invalid(`the file has more than ${deepest} levels`, shape, { file });
  }
  const document = parseDocument(text, { prettyErrors: false });
  const placeOf = (node: unknown) => locate(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  const listOf = (node: unknown, what: string): Node[] => {
    if (isSeq(node)) return node.items as Node[];
    throw invalid(`${what} is no list`, shape, placeOf(node));
  };
  const fieldsOf = (node: unknown, what: string): Field[] =>
    listOf(node, what).map((item) => ({ value: isScalar(item) ? item.value : item, at: placeOf(item) }));

  const { contents } = document;
  const table: unknown = isMap(contents) ? contents.get("rows", true) : contents;
  const rows = listOf(table, isMap(contents) ? '"rows"' : "the file").map((row, index) =>
    fieldsOf(row, `row ${index + 1}`),
  );
  if (!isMap(contents)) return { rows, rest: {} };
  const names: unknown = contents.get("tasks", true);
  const { rows: _rows, tasks: _tasks, ...rest } = document.toJS() as Record<string, unknown>;
  return names === undefined ? { rows, rest } : { rows, rest, names: fieldsOf(names, '"tasks"') };
}
