import { publishedSchema } from "../../config/published-schema.js";
import { explainSchemaErrors } from "../../config/schema-error.js";
import { BenchError } from "../../contract/errors.js";
import { deepest, isTooDeep } from "../../contract/files/nesting.js";

/**
 * Checks a stored record against its published schema, since its file may be anyone's.
 *
 * @param schema name of a file in `contract/schemas`, such as `run`.
 * @throws DATA_INVALID naming the file and the member.
 */
export function checkRecord<T>(schema: string, record: unknown, file: string, line?: number): T {
  const validate = publishedSchema(schema);
  if (!isTooDeep(record) && validate(record)) return record as T;
  const problem = explainSchemaErrors(validate.errors ?? [], record)[0] ?? { message: `it has over ${deepest} levels` };
  throw invalidRecord(schema, problem.message, file, line);
}

/** A record is not what its schema, or what belongs to it, says. */
export const invalidRecord = (schema: string, message: string, file: string, line?: number): BenchError =>
  new BenchError("DATA_INVALID", `this is no ${schema} record: ${message}`, {
    fix: "Restore the file from a copy; nothing in it may be edited by hand.",
    at: line === undefined ? { file } : { file, line },
  });
