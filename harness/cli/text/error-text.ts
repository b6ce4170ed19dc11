import { CommanderError } from "commander";
import picocolors from "picocolors";
import { BenchError, type ErrorLocation, toBenchError } from "../../contract/errors.js";
import { cut, printable } from "../../contract/printable.js";
import { nearPath } from "./near-path.js";

const defect = "This is a defect of bench: run the command again with --stack and report what it prints.";

/** More of a message, which may quote a plug-in or a server, is left out. */
const mostCharacters = 2000;

/** Any error as people read it: what is wrong, where, how to mend it; one line each, the stack only when asked for. */
export function errorText(error: BenchError, options: { color: boolean; stack: boolean }): string {
  const paint = picocolors.createColors(options.color);
  const [what, ...more] = cut(error.message, mostCharacters).split("\n");
  const lines = [
    `${paint.red("bench:")} ${what} ${paint.dim(`(${error.code})`)}`,
    ...more.map((line) => `       ${line}`),
  ];
  if (error.at !== undefined) lines.push(`${paint.dim("   at:")} ${locationText(error.at)}`);
  const fix = error.fix ?? (error.code === "INTERNAL" ? defect : undefined);
  if (fix !== undefined) lines.push(`${paint.green("  fix:")} ${cut(fix, mostCharacters)}`);
  if (options.stack && error.stack !== undefined) lines.push(paint.dim(error.stack));
  return printable(`${lines.join("\n")}\n`, options.color);
}

function locationText({ file, line, column }: ErrorLocation): string {
  return [nearPath(file), line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");
}

/** Commander's complaint about the command line as one of ours; its suggestion becomes the fix. */
export function usageError(thrown: unknown): BenchError {
  if (!(thrown instanceof CommanderError)) return toBenchError(thrown);
  const text = thrown.message.replace(/^error: /, "");
  const suggested = /^(.*)\n\(Did you mean (.*)\?\)$/s.exec(text);
  if (suggested !== null) return new BenchError("USAGE", suggested[1]!, { fix: `Did you mean ${suggested[2]}?` });
  const [, what = text, fix] = /^(.* is invalid)\. (.*)$/s.exec(text) ?? [];
  return new BenchError("USAGE", what, {
    fix: fix ?? "`bench --help` shows the verbs, `bench <verb> --help` its options.",
  });
}
