import { createRequire } from "node:module";
import { join } from "node:path";
import type { ValidateFunction } from "ajv";
import { packageRoot } from "../contract/files.js";

/** Where `npm run build` puts the compiled schemas. */
export const compiledSchemas = join(packageRoot, "dist", "harness", "contract", "schemas");

const require = createRequire(import.meta.url);
const validators = new Map<string, ValidateFunction>();

/**
 * The validator of a published schema, as `compile-schemas.ts` compiled it with `ownSchemas`: to load one takes 3 ms of
 * CPU, to compile it with ajv 50, in each process and worker.
 *
 * @param name of a file in `contract/schemas`, such as `run`.
 */
export function publishedSchema<T = unknown>(name: string): ValidateFunction<T> {
  const validate: ValidateFunction = validators.get(name) ?? require(join(compiledSchemas, `${name}.cjs`));
  validators.set(name, validate);
  return validate as ValidateFunction<T>;
}
