import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import picocolors from "picocolors";
import type { FoundEntry, SuiteContents } from "../../app/catalog.js";
import { registryFor } from "../../app/context.js";
import { packageRoot } from "../../contract/files.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";
import { twoColumns } from "../text/columns.js";

/** `bench show <name>`: one thing with its options, privileges and source. */
export function addShow(program: Command, context: CliContext): void {
  const command = program
    .command("show")
    .description("show one suite, trainer, scorer, metric, model format, reporter, engine or launcher")
    .argument("<name>", "a name from `bench list`, or `protocol`: what a trainer in another language speaks");
  withCommonOptions(command, [
    "bench show replay",
    "bench show bwt",
    "bench show trace-seq --json",
    "bench show protocol",
  ]).action(async (name: string, options: CommonOptions) => {
    if (name === "protocol") {
      const text = readFileSync(join(packageRoot, "harness", "plugins", "protocol.md"), "utf8");
      if (options.json) printJson(context, { protocol: text });
      else context.print(text);
      return;
    }
    const { contentsOf, findInCatalog } = await import("../../app/catalog.js");
    const registry = await registryFor(context, options.plugin);
    const found = await Promise.all(
      findInCatalog(name, registry).map(async (entry): Promise<Shown> => {
        const contents = entry.kind === "suite" ? await contentsOf(entry.name, registry) : undefined;
        return contents === undefined ? entry : { ...entry, contents };
      }),
    );
    if (options.json) printJson(context, found);
    else context.print(`${found.map((entry) => lines(entry, context).join("\n")).join("\n\n")}\n`);
  });
}

type Shown = FoundEntry & { contents?: SuiteContents };

function lines(entry: Shown, context: CliContext): string[] {
  const paint = picocolors.createColors(context.color);
  const facts: [string, string][] = [["source", entry.source ?? "not stated"]];
  if (entry.version !== undefined) facts.push(["version", String(entry.version)]);
  for (const [key, value] of Object.entries(entry.facts)) facts.push([key, plain(value)]);
  if (entry.plugin !== undefined) facts.push(["plug-in", entry.plugin]);
  const options = optionRows(entry.options);
  return [
    `${paint.bold(entry.name)} ${paint.dim(`(${entry.kind})`)}`,
    ...twoColumns([["", entry.summary]], context.width, 0),
    "",
    ...twoColumns(facts, context.width),
    ...(entry.contents === undefined ? [] : contentsLines(entry.contents, context)),
    ...(entry.options === undefined ? [] : ["", options.length === 0 ? "no options" : "options"]),
    ...twoColumns(options, context.width),
  ];
}

function contentsLines({ tasks, orders, probes }: SuiteContents, { width }: CliContext): string[] {
  const block = (title: string, rows: [string, string][]) =>
    rows.length === 0 ? [] : ["", title, ...twoColumns(rows, width)];
  return [
    ...block(
      "tasks",
      tasks.map(({ id, language, scorer, train, validation, test }) => [
        id,
        `${language}, scored by ${scorer}; ${train} training, ${validation} validation, ${test} test items`,
      ]),
    ),
    ...block(
      "orders",
      orders.map(({ name, tasks }) => [name, tasks.join(" → ")]),
    ),
    ...block(
      "probes",
      probes.map(({ id, kind, items }) => [id, `${kind}, ${items} items`]),
    ),
  ];
}

interface OptionSchema {
  type?: string | string[];
  enum?: unknown[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

function optionRows(schema: Record<string, unknown> | undefined): [string, string][] {
  const properties = (schema?.properties ?? {}) as Record<string, OptionSchema>;
  return Object.entries(properties).map(([name, option]) => {
    const kind = option.enum?.map(plain).join(" | ") ?? [option.type ?? "any"].flat().join(" or ");
    const bounds = [
      option.minimum === undefined ? undefined : `≥ ${option.minimum}`,
      option.exclusiveMinimum === undefined ? undefined : `> ${option.exclusiveMinimum}`,
      option.maximum === undefined ? undefined : `≤ ${option.maximum}`,
    ].filter((bound) => bound !== undefined);
    const byDefault = option.default === undefined ? [] : [`default ${plain(option.default)}`];
    const facts = [kind, ...bounds, ...byDefault].join(", ");
    return [name, option.description === undefined ? facts : `${option.description} (${facts})`];
  });
}

/** A value as short text: nested members as `key: value`. */
function plain(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(plain).join(", ");
  if (Object.keys(value).length === 0) return "none";
  return Object.entries(value)
    .map(([key, member]) => `${key}: ${plain(member)}`)
    .join(", ");
}
