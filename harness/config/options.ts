import type { Ajv, ValidateFunction } from "ajv";
import { BenchError, type ErrorLocation } from "../contract/errors.js";
import { packages } from "../contract/packages.js";
import { explainSchemaErrors, quickToCompile } from "./schema-error.js";

/** Loaded with the first schema that is compiled: most processes of plug-ins compile none. */
let validator: Ajv | undefined;

function openValidator(): Ajv {
  const ajv = new packages.ajv.Ajv({
    ...{ allErrors: true, verbose: true, useDefaults: true, strictTypes: false, logger: false },
    ...quickToCompile,
  });
  /** A string that a run resolves and pins before it plans (`../run/pin-references.ts`). */
  return ajv.addFormat("sentence-model", true);
}

/** By the schema's text: a process that runs for weeks meets equal schemas in new objects, and ajv keeps all. */
const compiled = new Map<string, ValidateFunction<Record<string, unknown>>>();

/**
 * Checks options against the JSON schema that a trainer, suite or scorer declares.
 *
 * @param schema draft-07; keys that it does not name are errors unless it allows them.
 * @param where whose options these are, such as `trainer "replay"`; prefixes the message.
 * @param locate the place in a file of a path into the options, where they came from one.
 * @returns a copy with the defaults filled in.
 * @throws CONFIG_INVALID with a suggestion; PLUGIN_INVALID when the schema itself is wrong.
 */
export function checkOptions(
  schema: Record<string, unknown>,
  options: unknown,
  where: string,
  locate?: (path: (string | number)[], atKey: boolean) => ErrorLocation | undefined,
): Record<string, unknown> {
  const validate = compileOptions(schema, where);
  const checked = structuredClone(options);
  if (validate(checked)) return checked;
  const problem = explainSchemaErrors(validate.errors ?? [], options)[0]!;
  throw new BenchError("CONFIG_INVALID", `${where}: ${problem.message.replace("unknown key", "unknown option")}`, {
    fix: problem.fix,
    at: locate?.(problem.path, problem.atKey),
  });
}

/** Compiles an options schema, once. Throws PLUGIN_INVALID when it is no JSON schema. */
export function compileOptions(
  schema: Record<string, unknown>,
  where: string,
): ValidateFunction<Record<string, unknown>> {
  try {
    const text = JSON.stringify({ type: "object", additionalProperties: false, properties: {}, ...schema });
    validator ??= openValidator();
    const validate = compiled.get(text) ?? validator.compile<Record<string, unknown>>(JSON.parse(text));
    compiled.set(text, validate);
    return validate;
  } catch (error) {
    throw new BenchError("PLUGIN_INVALID", `${where}: its options are no JSON schema: ${(error as Error).message}`, {
      fix: "Declare `options` as a draft-07 schema of an object, such as { properties: { rank: { type: 'integer', default: 8 } } }.",
      cause: error,
    });
  }
}
