import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { digestOf } from "../contract/digest.js";
import { BenchError, toBenchError } from "../contract/errors.js";
import { points, signedPoints } from "../metrics/score-text.js";
import type { Registry } from "../plugins.js";
import { type CliContext, registryFor } from "./context.js";
import { type EvaluatedCheckpoint, type EvaluateOptions, evaluateCheckpoint } from "./evaluate-checkpoint.js";
import { renderReport } from "./render-report.js";
import { errorText } from "./text/error-text.js";
import { nearPath } from "./text/near-path.js";

export interface WatchOptions extends EvaluateOptions {
  /** Seconds. */
  interval: number;
  once?: boolean;
}

/**
 * Evaluates the checkpoints in a directory, oldest first, and each further one once two looks at it see the same files.
 * One that cannot be used is told and left alone until its files change. Prints a line (with `json`: an object) for
 * each. Ends after the first round where `once` is asked for, else on Ctrl-C.
 */
export async function watchCheckpoints(
  directory: string,
  suite: string | undefined,
  options: WatchOptions,
  context: CliContext,
): Promise<void> {
  const registry = await registryFor(context, options.plugin);
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const handled = new Map<string, string>();
  let seen = look(directory, registry);
  let last: EvaluatedCheckpoint | undefined;
  try {
    while (!stopped.signal.aborted) {
      await wait(1000 * options.interval, undefined, { signal: stopped.signal }).catch(() => undefined);
      const now = look(directory, registry);
      for (const [path, state] of now) {
        if (stopped.signal.aborted || handled.get(path) === state || seen.get(path) !== state) continue;
        handled.set(path, state);
        last = (await evaluateOne(path, last, suite, options, context, stopped.signal)) ?? last;
      }
      seen = now;
      if (options.once) return;
    }
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

async function evaluateOne(
  path: string,
  before: EvaluatedCheckpoint | undefined,
  suite: string | undefined,
  options: WatchOptions,
  context: CliContext,
  cancellation: AbortSignal,
): Promise<EvaluatedCheckpoint | undefined> {
  try {
    const evaluated = await evaluateCheckpoint(path, suite, options, context, cancellation);
    const { registry, run, ...result } = evaluated;
    const report = await renderReport(registry, evaluated.directory);
    if (report instanceof BenchError) throw report;
    const line = { ...result, model: run.model.digest, suite: run.suite.digest };
    context.print(options.json ? `${JSON.stringify(line)}\n` : `${lineOf(evaluated, before)}\n`);
    return evaluated;
  } catch (thrown) {
    const error = toBenchError(thrown);
    if (error.code === "CANCELLED") return undefined;
    const { stack: _stack, ...record } = error.toRecord();
    if (options.json) context.print(`${JSON.stringify({ checkpoint: path, error: record })}\n`);
    else process.stderr.write(`${nearPath(path)}\n${errorText(error, { color: context.color, stack: false })}`);
    if (options.once) process.exitCode = Math.max(Number(process.exitCode ?? 0), error.exitCode);
    return undefined;
  }
}

/** A line on one checkpoint: its mean score, and the change from the one before. */
function lineOf(now: EvaluatedCheckpoint, before: EvaluatedCheckpoint | undefined): string {
  const { score } = now;
  const change = score === null || before === undefined || before.score === null ? null : score - before.score;
  const since = change === null ? "" : ` (${signedPoints(change)})`;
  const known = now.asked === 0 ? "  known" : "";
  return `${nearPath(now.checkpoint)}  ${score === null ? "–" : points(score)}${since}${known}  ${nearPath(now.directory)}`;
}

/** The checkpoints in a directory, oldest first, each with a digest of its files' names, sizes and times. */
function look(directory: string, registry: Registry): Map<string, string> {
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new BenchError("STORAGE", `there is no directory ${directory} to watch`, {
      fix: "Give the directory into which the training writes its checkpoints.",
      at: { file: directory },
    });
  }
  const formats = registry.allModels();
  const found = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name))
    .filter((path) => formats.some((format) => format.recognizes(path)))
    .map((path) => ({ path, files: filesOf(path) }));
  const age = ({ files }: (typeof found)[number]) => Math.max(...files.map(({ changed }) => changed));
  return new Map(found.sort((a, b) => age(a) - age(b)).map(({ path, files }) => [path, digestOf(files)]));
}

function filesOf(directory: string): { name: string; bytes: number; changed: number }[] {
  return readdirSync(directory).flatMap((name) => {
    const file = statSync(join(directory, name), { throwIfNoEntry: false });
    return file?.isFile() ? [{ name, bytes: file.size, changed: file.mtimeMs }] : [];
  });
}
