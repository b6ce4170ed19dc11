import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { readAlertSettings } from "../../config/index.js";
import { digestOf } from "../../contract/digest.js";
import { BenchError, toBenchError } from "../../contract/errors.js";
import { byTrainingStep } from "../../metrics/model-names.js";
import type { Registry } from "../../plugins.js";
import { type AppContext, registryFor } from "../context.js";
import { renderReport } from "../render-report.js";
import { CheckpointAlerts } from "./checkpoint-alerts.js";
import { type EvaluatedCheckpoint, type EvaluateOptions, evaluateCheckpoint } from "./evaluate-checkpoint.js";
import { type CheckpointJudge, type JudgedCheckpoint, openJudge } from "./judge-checkpoint.js";

/** How a directory is to be watched. */
export interface WatchOptions extends EvaluateOptions {
  /** Seconds between two looks. */
  interval: number;
  /** End after the first round. */
  once?: boolean;
  cancellation: AbortSignal;
  /** What each checkpoint is judged against: `previous`, a run, a checkpoint or a blessed baseline. */
  against?: string;
  /** Measure's key → how much worse is accepted. */
  margins?: Record<string, number>;
  /** A checkpoint was evaluated, and judged where there is something to judge it against. */
  evaluated(checkpoint: EvaluatedCheckpoint, judged: JudgedCheckpoint | undefined): void;
  /** Something that is worth knowing and stops nothing. */
  notice(text: string): void;
  /** A checkpoint cannot be used; it is left alone until its files change. */
  failed(path: string, error: BenchError): void;
}

/**
 * Evaluates the checkpoints in a directory, by their steps or oldest first, and each further one once two looks at it see the same files.
 * Ends after the first round where `once` is asked for, else when it is cancelled. Alerts go to the webhook of the configuration.
 *
 * @throws STORAGE where there is no such directory; CONFIG_INVALID for a webhook without an address; what `openJudge` and a gate throw where checkpoints are judged.
 */
export async function watchCheckpoints(
  directory: string,
  suite: string | undefined,
  options: WatchOptions,
  context: AppContext,
): Promise<void> {
  const { cancellation: signal, interval, once } = options;
  const registry = await registryFor(context, options.plugins);
  const handled = new Map<string, string>();
  let seen = look(directory, registry);
  const judge = await judgeOf(suite, options, context);
  const alerts = new CheckpointAlerts(readAlertSettings(options.config), options.notice, signal);
  while (!signal.aborted) {
    await wait(1000 * interval, undefined, { signal }).catch(() => undefined);
    const now = look(directory, registry);
    for (const [path, state] of now) {
      if (signal.aborted || handled.get(path) === state || seen.get(path) !== state) continue;
      handled.set(path, state);
      const evaluated = await evaluateOne(path, suite, options, context);
      if (evaluated === undefined) continue;
      const judged = judge?.(evaluated);
      options.evaluated(evaluated, judged);
      if (judged !== undefined) alerts.send(evaluated, judged);
    }
    seen = now;
    if (once) break;
  }
  await alerts.settle();
}

/** Undefined where checkpoints are only evaluated. */
async function judgeOf(
  suite: string | undefined,
  { against, margins, ...options }: WatchOptions,
  context: AppContext,
): Promise<CheckpointJudge | undefined> {
  if (against === undefined) return undefined;
  const { base, ...others } = options;
  return openJudge({ against, margins, config: options.config }, (reference) =>
    evaluateCheckpoint(reference, suite, reference === base ? others : options, context),
  );
}

/** Undefined where it failed, which is reported, or was cancelled. */
async function evaluateOne(
  path: string,
  suite: string | undefined,
  options: WatchOptions,
  context: AppContext,
): Promise<EvaluatedCheckpoint | undefined> {
  try {
    const evaluated = await evaluateCheckpoint(path, suite, options, context);
    const { errors } = await renderReport(evaluated.registry, evaluated.directory);
    if (errors[0] !== undefined) throw errors[0];
    return evaluated;
  } catch (thrown) {
    const error = toBenchError(thrown);
    if (error.code !== "CANCELLED") options.failed(path, error);
    return undefined;
  }
}

/** The checkpoints in a directory by their steps, or oldest first where their names have none, each with a digest of its files' names, sizes and times. */
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
  const ordered = byTrainingStep(
    found.sort((a, b) => age(a) - age(b)),
    ({ path }) => path,
  );
  return new Map(ordered.map(({ path, files }) => [path, digestOf(files)]));
}

function filesOf(directory: string): { name: string; bytes: number; changed: number }[] {
  return readdirSync(directory).flatMap((name) => {
    const file = statSync(join(directory, name), { throwIfNoEntry: false });
    return file?.isFile() ? [{ name, bytes: file.size, changed: file.mtimeMs }] : [];
  });
}
