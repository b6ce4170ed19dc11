import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type GateSettings, readAlertSettings, readGateSettings, requireMargins } from "../../config/index.js";
import type { Alert } from "../../contract/alert.js";
import { BenchError } from "../../contract/errors.js";
import { type ComparedBaseline, readBaseline, unblessed } from "../../gate/baseline.js";
import { type Entry, parseSide, readEntry } from "../../gate/entry.js";
import type { GateResult } from "../../gate/gate.js";
import { answersOf } from "../../gate/items/answers.js";
import { itemAlerts } from "../../gate/items/item-alerts.js";
import { byTrainingStep } from "../../metrics/model-names.js";
import { layout } from "../../run/store/store.js";
import { judgeItems, requireItemMargins } from "../gate/gate-items.js";
import type { EvaluatedCheckpoint } from "./evaluate-checkpoint.js";

/** What new checkpoints are judged against, and by what margins. */
export interface JudgeOptions {
  /** `previous`, a run directory, a checkpoint, or the name of a blessed baseline. */
  against: string;
  /** A configuration file with the sections `gate` and `alerts`. */
  config?: string;
  /** Measure's key → how much worse is accepted, over those of the file. */
  margins?: Record<string, number>;
}

/** What is known of a checkpoint by comparison. */
export interface JudgedCheckpoint {
  /** What it was compared with. */
  against: string;
  gate: GateResult;
  /** Falls beyond the thresholds of the section `alerts`. */
  alerts: Alert[];
}

/** Judges a checkpoint that was evaluated; undefined for the first one where each is judged against the one before. */
export type CheckpointJudge = (checkpoint: EvaluatedCheckpoint) => JudgedCheckpoint | undefined;

/**
 * Opens what checkpoints are judged against, before the first of them is evaluated.
 *
 * @param evaluate evaluates the baseline where it is a checkpoint.
 * @throws USAGE without margins; UNKNOWN_NAME for what is no run, checkpoint or baseline, and for a margin of nothing.
 */
export async function openJudge(
  { against, config, margins }: JudgeOptions,
  evaluate: (reference: string) => Promise<EvaluatedCheckpoint>,
): Promise<CheckpointJudge> {
  const settings = readGateSettings(config, { margins });
  requireMargins(settings);
  const alerts = readAlertSettings(config);
  const judge = (candidate: Entry, baseline: ComparedBaseline): JudgedCheckpoint => {
    const answers = answersOf(candidate);
    const gate = judgeItems(candidate, baseline, settings, answers);
    const against = baseline.name;
    return { against, gate, alerts: itemAlerts(baseline.answers!, candidate, answers, alerts, against) };
  };
  if (against !== "previous") {
    const baseline = await baselineOf(against, settings, evaluate);
    return ({ directory }) => judge(readEntry(directory), baseline);
  }
  const evaluated = new Map<string, Evaluated>();
  return ({ checkpoint, directory }) => {
    const own = { checkpoint, directory }; // without what was loaded to evaluate it
    const before = previousOf(own, evaluated);
    evaluated.set(checkpoint, own);
    const candidate = readEntry(directory);
    requireItemMargins(settings, candidate);
    return before && judge(candidate, unblessed(readEntry(before.directory), basename(before.checkpoint)));
  };
}

type Evaluated = Pick<EvaluatedCheckpoint, "checkpoint" | "directory">;

/**
 * The checkpoint before one by the steps of the training, else by the time of evaluation.
 *
 * @param evaluated the latest evaluation of each, so that one that was written over counts once.
 */
function previousOf(checkpoint: Evaluated, evaluated: ReadonlyMap<string, Evaluated>): Evaluated | undefined {
  const others = [...evaluated.values()].filter((other) => other.checkpoint !== checkpoint.checkpoint);
  if (others.length === 0) return evaluated.get(checkpoint.checkpoint);
  const ordered = byTrainingStep([...others, checkpoint], (one) => one.checkpoint);
  return ordered[ordered.indexOf(checkpoint) - 1];
}

async function baselineOf(
  against: string,
  settings: GateSettings,
  evaluate: (reference: string) => Promise<EvaluatedCheckpoint>,
): Promise<ComparedBaseline> {
  const entry = await entryOf(against, evaluate);
  if (entry !== undefined) requireItemMargins(settings, entry);
  const baseline = entry === undefined ? readBaseline(settings.directory, against) : unblessed(entry, against);
  if (baseline.answers !== undefined) return baseline;
  throw new BenchError("USAGE", `${against} has no answers of a model that was evaluated as it is`, {
    fix: "Give a checkpoint, or the run of one: `bench evaluate` makes it.",
  });
}

/** The evaluation that a text names, made where it names a checkpoint; undefined for the name of a blessed baseline. */
async function entryOf(
  against: string,
  evaluate: (reference: string) => Promise<EvaluatedCheckpoint>,
): Promise<Entry | undefined> {
  if (existsSync(join(parseSide(against).directory, layout.run))) return readEntry(against);
  if (existsSync(against) || /^(hf|https?):\/\//.test(against)) return readEntry((await evaluate(against)).directory);
  if (!/[\\/]/.test(against)) return undefined;
  throw new BenchError("STORAGE", `there is no run and no checkpoint at ${against}`, {
    fix: "Give a run directory, a checkpoint, the name of a blessed baseline, or `previous`.",
    at: { file: resolve(against) },
  });
}
