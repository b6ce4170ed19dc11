import { type Command, Option } from "commander";
import type { AppContext } from "../app/context.js";
import { printable } from "../contract/printable.js";
import type { RunObserver } from "../run/display/observed.js";
import type { RunOutcome } from "../run/execute.js";
import type { RunPlan } from "../run/plan/plan.js";

/** What every verb works with. */
export interface CliContext extends AppContext {
  /** Colors for people; off where standard output is no terminal. */
  color: boolean;
  /** Width of the terminal in columns; 100 where there is none. */
  width: number;
  /** Writes text to standard output. */
  print(text: string): void;
  /** Progress and errors. */
  stderr: NodeJS.WriteStream;
}

/** The standard streams of a command line. */
export type StandardStreams = Record<"stdout" | "stderr", NodeJS.WriteStream>;

/** Options that every verb has. */
export interface CommonOptions {
  json?: boolean;
  plugin?: string[];
}

/** Reads a flag that may be given several times. */
export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** Reads a flag that is a list, separated by commas. */
export const commaSeparated = (text: string): string[] => text.split(",").map((part) => part.trim());

/** Adds the options that every verb has, and examples below its help. */
export function withCommonOptions(command: Command, examples: readonly string[]): Command {
  return command
    .optionsGroup("General:")
    .option("--plugin <specifier>", "plug-in to load: a path, an npm package or command:<words>; repeatable", collect)
    .option("--json", "print machine-readable JSON")
    .option("--stack", "print stack traces of errors")
    .addHelpOption(new Option("-h, --help", "show this help").helpGroup("General:"))
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
}

/**
 * Runs a plan with a display; the first Ctrl-C stops it at its next step, the second immediately.
 *
 * @param stream where progress is shown; undefined for no display.
 */
export async function executeOnTerminal(
  plan: RunPlan,
  observers: readonly RunObserver[] | undefined,
  stream: NodeJS.WriteStream | undefined,
): Promise<RunOutcome> {
  const { executeRun } = await import("../run/execute.js"); // not for --help: it takes a third of a second
  const { chooseDisplay, observedDisplay, silentDisplay } = await import("../run/display/index.js");
  const { withInterrupts } = await import("../run/interrupt.js");
  const display = observedDisplay(
    stream === undefined ? silentDisplay() : await chooseDisplay(stream),
    observers ?? [],
  );
  return withInterrupts(display, (cancellation) => executeRun(plan, { display, cancellation }));
}

/** Says something about what was read on standard error, so that JSON on standard output stays JSON. */
export function noticePrinter({ stderr }: CliContext): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    stderr.write(`note: ${printable(text)}\n`);
  };
}

/** Prints lines for people, ending in a line break. */
export function printLines(context: CliContext, lines: readonly string[]): void {
  context.print(`${lines.join("\n")}\n`);
}

/** Prints a value as JSON, one object, ending in a line break. */
export function printJson(context: CliContext, value: unknown): void {
  context.print(`${JSON.stringify(value, null, 2)}\n`);
}
