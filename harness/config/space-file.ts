import type { ValidateFunction } from "ajv";
import { packages } from "../contract/packages.js";
import type { SearchSpace } from "../contract/trainer.js";
import { ownSchemas } from "./schema-error.js";
import { checkSpace } from "./search-space.js";
import { spaceSchema } from "./space-schema.js";
import { readYamlFile } from "./yaml-file.js";

let validate: ValidateFunction<SearchSpace> | undefined;

/**
 * Reads a search space from a file of YAML or JSON.
 *
 * @param schema of the options of the trainer that it is for.
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readSpaceFile(file: string, schema: Record<string, unknown>): SearchSpace {
  validate ??= new packages.ajv.Ajv(ownSchemas).compile<SearchSpace>(spaceSchema);
  const { content, locate } = readYamlFile(file, validate, {
    what: "the search space",
    absent:
      "Check the path. A space is `option: { low: 1e-4, high: 1e-2, scale: log }`, or `option: { values: [1, 2] }`.",
  });
  checkSpace(content, schema, file, "CONFIG_INVALID", locate);
  return content;
}
