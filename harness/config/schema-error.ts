import type { ErrorObject } from "ajv";
import { cut } from "../contract/printable.js";
import { suggestName } from "./suggest-name.js";

/** What a JSON schema found wrong, in words: where in the value, what, and how to mend it. */
export interface SchemaProblem {
  /** Keys and indices that lead to the offending value. */
  path: (string | number)[];
  /** The offending member is the key itself rather than its value. */
  atKey: boolean;
  message: string;
  fix: string;
}

/** ajv's passes that shorten its code take half of the time to compile a schema, and checks are as fast without them. */
export const quickToCompile = { code: { optimize: false } } as const;

/**
 * Options of ajv for schemas that are written here, such that `explainSchemaErrors` can read the errors. They are not
 * checked themselves: for that ajv would compile the schema of schemas, in each process and worker.
 */
export const ownSchemas = {
  ...quickToCompile,
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  meta: false,
  validateSchema: false,
} as const;

/**
 * Turns ajv's errors into problems, the most telling first. The validator must have been made with `verbose: true`
 * (values and parent schemas are read) and `allErrors: true`.
 */
export function explainSchemaErrors(errors: readonly ErrorObject[], root: unknown): SchemaProblem[] {
  const alternatives = errors.filter(({ keyword }) => summaries.has(keyword));
  const specific = errors.filter((error) => {
    if (summaries.has(error.keyword)) return false;
    const around = alternatives.filter(({ instancePath }) => isWithin(error.instancePath, instancePath));
    // of a value with alternatives, only an error inside it is more specific than the alternatives themselves
    return around.every((alternative) => depthOf(error) > depthOf(alternative));
  });
  return (specific.length > 0 ? specific : alternatives.length > 0 ? alternatives : errors).map((error) =>
    explain(error, root),
  );
}

const summaries = new Set(["anyOf", "oneOf", "if", "not"]);

const isWithin = (path: string, outer: string): boolean => path === outer || path.startsWith(`${outer}/`);

const depthOf = ({ instancePath, keyword }: ErrorObject): number =>
  instancePath.split("/").length + (keyword === "additionalProperties" || keyword === "required" ? 1 : 0);

function explain(error: ErrorObject, root: unknown): SchemaProblem {
  const path = pathOf(error.instancePath, root);
  const name = path.length === 0 ? "the top level" : `"${path.join(".")}"`;
  const parameters = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(parameters.additionalProperty);
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      const place = path.length === 0 ? "" : ` in "${path.join(".")}"`;
      return {
        path: [...path, key],
        atKey: true,
        message: `unknown key "${key}"${place}`,
        fix: suggestName(key, known),
      };
    }
    case "required": {
      const key = String(parameters.missingProperty);
      return { path, atKey: false, message: `${name} lacks "${key}"`, fix: `Add "${key}".` };
    }
    case "type":
      return problem(path, `${name} is ${typeName(error.data)}`, `Give ${typeList(parameters.type)}.`);
    case "enum": {
      const allowed = (parameters.allowedValues as unknown[]).map(String);
      return problem(path, `${name} is ${show(error.data)}`, suggestName(String(error.data), allowed));
    }
    case "const":
      return problem(path, `${name} is ${show(error.data)}`, `Give ${show(parameters.allowedValue)}.`);
    case "function":
      return problem(path, `${name} is ${typeName(error.data)}`, "Give a function.");
    case "anyOf":
    case "oneOf": {
      const expected = error.parentSchema?.description as string | undefined;
      return problem(path, `${name} is ${show(error.data)}`, `Give ${expected ?? "one of the allowed forms"}.`);
    }
    default:
      return problem(path, `${name} is ${show(error.data)}`, `It ${error.message}.`);
  }
}

const problem = (path: (string | number)[], message: string, fix: string): SchemaProblem => ({
  path,
  atKey: false,
  message,
  fix,
});

/** A JSON pointer as keys and indices; a number only where the value really is an array. */
function pathOf(pointer: string, root: unknown): (string | number)[] {
  let value = root;
  return pointer
    .split("/")
    .slice(1)
    .map((part) => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const step = Array.isArray(value) ? Number(key) : key;
      value = (value as Record<string | number, unknown> | undefined)?.[step];
      return step;
    });
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "function" ? "a function" : `the ${typeof value} ${show(value)}`;
}

const typeWords: Record<string, string> = {
  object: "a mapping",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "nothing",
};

const typeList = (type: unknown): string =>
  [type]
    .flat()
    .map((one) => typeWords[String(one)] ?? String(one))
    .join(" or ");

const show = (value: unknown): string => cut(JSON.stringify(value) ?? String(value), 60);
