import { Ajv, type ValidateFunction } from "ajv";
import { type ConfigFileContent, configSchema } from "./schema.js";
import { ownSchemas } from "./schema-error.js";
import { readYamlFile, type YamlFile } from "./yaml-file.js";

export type ConfigFile = YamlFile<ConfigFileContent>;

let validator: ValidateFunction<ConfigFileContent> | undefined;

/**
 * Reads a configuration in YAML or JSON and checks it against its schema.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readConfigFile(file: string): ConfigFile {
  validator ??= new Ajv(ownSchemas).compile<ConfigFileContent>(configSchema);
  return readYamlFile(file, validator, {
    what: "the configuration",
    absent: "Check the path; `bench init` writes a commented configuration.",
  });
}
