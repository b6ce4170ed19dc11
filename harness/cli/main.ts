import { Command, CommanderError } from "commander";
import { packageVersion } from "../contract/files.js";
import { printable } from "../contract/printable.js";
import { type CliContext, executeOnTerminal, type StandardStreams } from "./context.js";
import { errorText, usageError } from "./text/error-text.js";
import { startPage } from "./text/start-page.js";
import { addClaims } from "./verbs/claims.js";
import { addCompare } from "./verbs/compare.js";
import { addCompletion } from "./verbs/completion.js";
import { addDashboard } from "./verbs/dashboard.js";
import { addDoctor } from "./verbs/doctor.js";
import { addEngine } from "./verbs/engine.js";
import { addEvaluate } from "./verbs/evaluate.js";
import { addExport } from "./verbs/export.js";
import { addGate } from "./verbs/gate.js";
import { addHistory } from "./verbs/history.js";
import { addInit } from "./verbs/init.js";
import { addLeaderboard } from "./verbs/leaderboard.js";
import { addList } from "./verbs/list.js";
import { addMetrics } from "./verbs/metrics.js";
import { addNew } from "./verbs/new.js";
import { addRegistry } from "./verbs/registry.js";
import { addReport } from "./verbs/report.js";
import { addRollout } from "./verbs/rollout.js";
import { addRun } from "./verbs/run.js";
import { addServe } from "./verbs/serve.js";
import { addShow } from "./verbs/show.js";
import { addTune } from "./verbs/tune.js";
import { addValidate } from "./verbs/validate.js";
import { addWatch } from "./verbs/watch.js";
import { addWorker } from "./verbs/worker.js";

/** The command line with all its verbs. */
export function buildProgram(context: CliContext): Command {
  const program = new Command("bench")
    .description("Evaluation-first benchmark harness for the continual learning of language models.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .enablePositionalOptions() // a verb may have verbs of its own with the same options
    .exitOverride()
    .configureOutput({
      writeOut: context.print,
      writeErr: (text) => void context.stderr.write(text),
      outputError: () => {}, // the boundary in `main` prints every error
      getOutHelpWidth: () => context.width,
      getOutHasColors: () => context.color,
    });
  for (const add of [
    addRun,
    addTune,
    addEvaluate,
    addWatch,
    addHistory,
    addReport,
    addRegistry,
    addRollout,
    addServe,
    addDashboard,
    addLeaderboard,
    addCompare,
    addGate,
    addClaims,
    addMetrics,
    addExport,
    addList,
    addShow,
    addValidate,
    addInit,
    addNew,
    addDoctor,
    addEngine,
    addWorker,
    addCompletion,
  ]) {
    add(program, context);
  }
  return program;
}

/**
 * Runs the command line and sets the exit code: 0 done, 1 a cell failed, 2 usage, configuration, data or model,
 * 3 inconclusive, 130 cancelled. Every error ends here.
 *
 * @param builtIns specifiers of the built-in plug-ins.
 * @param words what follows the program's name.
 */
export async function main(
  builtIns: readonly string[],
  words: readonly string[],
  { stdout, stderr }: StandardStreams = process,
): Promise<void> {
  const color = wantsColor(stdout);
  const context: CliContext = {
    builtIns,
    execute: (plan, observers) => executeOnTerminal(plan, observers, stderr),
    color,
    width: stdout.columns || Number(process.env.COLUMNS) || 100,
    print: (text) => void stdout.write(printable(text, color)),
    stderr,
  };
  // `bench list | head`: whoever read our output has seen enough
  stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 2));
  stderr.on("error", () => {}); // progress that nobody reads is no reason to end a run
  if (words.length === 0) {
    context.print(startPage(color));
    return;
  }
  try {
    await buildProgram(context).parseAsync(words, { from: "user" });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return; // help or version, printed
    if (thrown instanceof CommanderError && thrown.code === "commander.help") {
      process.exitCode = 2; // a verb without its own verb; its help says what is missing
      return;
    }
    const error = usageError(thrown);
    process.exitCode = error.exitCode;
    if (words.includes("--json")) {
      const { stack: _stack, ...record } = error.toRecord();
      context.print(`${JSON.stringify({ error: record }, null, 2)}\n`);
    } else {
      const stack = words.includes("--stack") || Boolean(process.env.BENCH_DEBUG);
      stderr.write(errorText(error, { color: wantsColor(stderr), stack }));
    }
  }
}

function wantsColor(stream: NodeJS.WriteStream): boolean {
  return Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}
