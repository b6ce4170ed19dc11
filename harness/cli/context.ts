import type { Command } from "commander";
import { absoluteSpecifier } from "../config/specifier.js";
import type { Registry } from "../plugins.js";

/** What every verb works with. */
export interface CliContext {
  /** Specifiers of the built-in plug-ins. */
  builtIns: readonly string[];
  /** Colors for people; off where standard output is no terminal. */
  color: boolean;
  /** Width of the terminal in columns; 100 where there is none. */
  width: number;
  /** Writes text to standard output. */
  print(text: string): void;
}

/** Options that every verb has. */
export interface CommonOptions {
  json?: boolean;
  plugin?: string[];
}

/** What can be listed and shown. */
export const catalogKinds = ["suites", "trainers", "scorers", "metrics", "models", "reporters", "engines"] as const;
export type CatalogKind = (typeof catalogKinds)[number];

/** What `bench validate` can check. */
export const inputKinds = ["config", "plugin", "model", "data", "run"] as const;

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** Adds the options that every verb has, and examples below its help. */
export function withCommonOptions(command: Command, examples: readonly string[]): Command {
  return command
    .option("--plugin <specifier>", "a further plug-in: a path, an npm package or command:<words>; repeatable", collect)
    .option("--json", "print JSON, for programs")
    .option("--stack", "print the stack of an error")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
}

/** Loads the built-in plug-ins and those of `--plugin`; a relative path starts from the working directory. */
export async function registryFor(context: CliContext, plugins: readonly string[] = []): Promise<Registry> {
  const { loadRegistry } = await import("../plugins.js"); // not for --help: it takes a third of a second
  return loadRegistry(specifiersFor(context, plugins));
}

export function specifiersFor(context: CliContext, plugins: readonly string[]): string[] {
  return [...context.builtIns, ...plugins.map((specifier) => absoluteSpecifier(specifier, process.cwd()))];
}

/** Prints a value as JSON, one object, ending in a line break. */
export function printJson(context: CliContext, value: unknown): void {
  context.print(`${JSON.stringify(value, null, 2)}\n`);
}
