import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../harness/contract/files.js";
import { readModelFile } from "./json-file.js";

/** Files that belong to a model besides its weights and config.json; existing ones are copied with it. */
const companions = [
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "chat_template.json",
  "preprocessor_config.json",
  "processor_config.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
];

/** Those that are there, by name. */
export function companionsOf(directory: string): Map<string, Uint8Array> {
  const present = companions.filter((name) => existsSync(join(directory, name)));
  return new Map(present.map((name) => [name, new Uint8Array(readModelFile(join(directory, name)))]));
}

export function copyCompanions(from: string, to: string): void {
  for (const [name, bytes] of companionsOf(from)) writeFileAtomically(join(to, name), bytes);
}
