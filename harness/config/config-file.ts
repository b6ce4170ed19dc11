import { publishedSchema } from "./published-schema.js";
import type { ConfigFileContent } from "./schema.js";
import { readYamlFile, type YamlFile } from "./yaml-file.js";

export type ConfigFile = YamlFile<ConfigFileContent>;

/**
 * Reads a configuration in YAML or JSON and checks it against its schema.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readConfigFile(file: string): ConfigFile {
  return readYamlFile(file, publishedSchema<ConfigFileContent>("config"), {
    what: "the configuration",
    absent: "Check the path; `bench init` writes a commented configuration.",
  });
}
