import { existsSync } from "node:fs";
import { join } from "node:path";
import { digestOf, sha256 } from "../../contract/digest.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import { isIntactSeal, sealed } from "../../contract/files/seal.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { Learner } from "../../contract/trainer.js";
import { sumOrNull } from "../../metrics/definition.js";
import { meter, type ResourceUsage } from "../cell/cost.js";
import { callPlugin, invalidOutput } from "../cell/guard.js";
import { evaluationVersion } from "../plan/identity.js";
import { layout } from "../store/store.js";
import { upgrade } from "../store/upgrade.js";
import { type EvaluationContext, evaluate, type SetScores } from "./evaluate.js";
import type { QuestionSet } from "./question-set.js";

/**
 * `evaluations/<key>.json`: how one state of a learner answered some question sets. The file begins with the digest of the
 * rest, since a cell that was killed may have left an evaluation that no journal names.
 */
export interface EvaluationRecord {
  schema: "evaluation@2";
  sets: SetScores[];
  /** What it took when it was made; a cell that reuses it counts this as its own. */
  usage: ResourceUsage;
}

export interface StoredEvaluation {
  /** Relative to the run directory. */
  path: string;
  /** SHA-256 of the file. */
  digest: string;
  record: EvaluationRecord;
}

/** Evaluations that a run's cells on other machines made, by their paths in the run directory. */
export interface SharedEvaluations {
  /** Brings one into this run directory, where there is one. It is not checked. */
  get(path: string): Promise<void>;
  /** Gives others one of this run directory. */
  put(path: string): Promise<void>;
}

export interface EvaluationRequest {
  /** Run directory. */
  directory: string;
  /** Digest of the suite. */
  suite: string;
  sets: readonly QuestionSet[];
  /** Whether models compute on this thread alone. */
  onThread: boolean;
  /** Names the learner's state where it has no digest: the evaluation is then kept but never shared. */
  state: { cell: string; row: number };
  context: EvaluationContext;
  /** Asked for the evaluation of a state that has a digest, and given it where it had none. */
  shared?: SharedEvaluations;
  /** Called where an evaluation is stored that is not what was written; it is made again. */
  damaged(path: string): void;
}

/**
 * Evaluates a learner, or finds the evaluation that an equal state of a learner left in this run: so the base model is
 * measured once, whichever cell comes first.
 *
 * @throws PLUGIN_FAILED when answering changed the learner's digest.
 */
export async function evaluateOnce(learner: Learner, request: EvaluationRequest): Promise<StoredEvaluation> {
  const answers = await digestOfAnswers(learner);
  const key = digestOf({
    version: evaluationVersion,
    state: answers ?? request.state,
    suite: request.suite,
    taskIdAtTest: request.context.taskIdAtTest,
    sets: request.sets.map(({ dataset, task }) => [dataset, task.id]),
  }).slice(0, 32);
  const path = layout.evaluation(key);
  const file = pathInside(request.directory, path);
  const shared = answers === undefined ? undefined : request.shared;
  if (!existsSync(file)) await shared?.get(path);
  const stored = readEvaluation(request.directory, path);
  if (stored !== undefined) return stored;
  if (existsSync(file)) request.damaged(path);
  const { result: sets, usage } = await meter(learner, request.onThread, () =>
    evaluate(learner, request.sets, request.context),
  );
  if ((await digestOfAnswers(learner)) !== answers) {
    throw invalidOutput(
      "answering changed what the learner knows: its digest differs after generate",
      "Keep state out of generate and score.",
    );
  }
  const generatedTokens = sumOrNull(sets.map(({ tokens }) => tokens));
  const record: EvaluationRecord = { schema: "evaluation@2", sets, usage: { ...usage, generatedTokens } };
  const made = writeEvaluation(request.directory, path, record);
  await shared?.put(path);
  return made;
}

/** Writes an evaluation with its digest. */
export function writeEvaluation(directory: string, path: string, record: EvaluationRecord): StoredEvaluation {
  const text = sealed(JSON.stringify(record));
  writeFileAtomically(join(directory, path), text);
  return { path, digest: sha256(text), record };
}

/**
 * The evaluation at a path of the run; undefined where there is none or it is damaged.
 *
 * @param digest of the whole file, where the journal knows it; files of earlier versions contain none of their own.
 */
export function readEvaluation(directory: string, path: string, digest?: string): StoredEvaluation | undefined {
  const file = pathInside(directory, path);
  if (!existsSync(file)) return undefined;
  const text = readRegularFile(file).toString("utf8");
  const own = sha256(text);
  if (digest === undefined ? isIntactSeal(text) !== true : digest !== own) return undefined;
  const { sha256: _sha256, ...record } = upgrade(JSON.parse(text)) as EvaluationRecord & { sha256?: string };
  return { path, digest: own, record };
}

async function digestOfAnswers(learner: Learner): Promise<string | undefined> {
  return learner.answerDigest === undefined
    ? undefined
    : await callPlugin("the trainer's answerDigest", () => learner.answerDigest!());
}
